/** Tells the system what plays: on lock screens, headphones and media keys. */

/** What the system shows. */
export interface Playing {
  readonly title: string;
  /** The competition. */
  readonly artist: string;
  /** The address of a picture. */
  readonly picture: string | undefined;
  /** Shows the following clip. */
  readonly next: (() => void) | undefined;
}

/** Shows what plays. Returns what ends it. */
export function showInSystem({ title, artist, picture, next }: Playing): () => void {
  const { mediaSession } = navigator;
  if (!mediaSession) return () => undefined;
  const artwork = picture ? [{ src: picture }] : [];
  mediaSession.metadata = new MediaMetadata({ title, artist, artwork });
  mediaSession.setActionHandler('nexttrack', next ?? null);
  return () => {
    mediaSession.metadata = null;
    mediaSession.setActionHandler('nexttrack', null);
  };
}
