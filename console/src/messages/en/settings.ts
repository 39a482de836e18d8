/** The settings dialog, in English. */

export const settings = {
  title: 'Settings',
};
