/** The frame of the console: login, navigation, banners; in English. */

export const shell = {
  title: 'Operator’s console',
  skip: 'Skip to the screen',
  live: 'Live',
  library: 'Library',
  keys: 'Keys',
  settings: 'Settings',
  clips: 'Clips',
  login: 'Log in',
  loginAs: 'Log in as somebody else',
  logout: 'Log out',
  loggedOut: 'Cut clips while the event is on air.',
  loginFailed: (reason: string) => `The login failed: ${reason}`,
  expired: 'Your session has ended. Log in again: your marks and clips stay where they are.',
  account: (name: string) => `Logged in as ${name}`,
  unavailable: 'The console cannot reach its service. It tries again by itself.',
  notices: 'Notices',
  close: 'Close',
};
