/** Types of what Vite adds to imports, such as `?url`. */
/// <reference types="svelte" />
/// <reference types="vite/client" />
