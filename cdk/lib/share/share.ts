/** Pages and descriptions of clips for other sites: shared pages, oEmbed, feeds and sitemaps. */

import { Construct } from 'constructs';
import type { Delivery } from '../delivery/delivery.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Library } from '../library/library.ts';
import type { Branding } from '../settings/branding.ts';
import { buildViewEnvironment } from '../viewer/viewer.ts';

export interface ShareProps extends Deployment {
  readonly library: Library;
  readonly delivery: Delivery;
  readonly branding: Branding;
}

export class Share extends Construct {
  /** The functions behind the routes that anyone can read. */
  readonly functions: readonly RustFunction[];

  constructor(scope: Construct, id: string, props: ShareProps) {
    super(scope, id);
    const { settings, library, delivery, branding } = props;
    const environment = {
      ...library.environment,
      ...buildViewEnvironment(settings, delivery),
      SITE_NAME: branding.name,
    };
    const page = new RustFunction(this, 'Page', {
      ...props,
      bin: 'show-page',
      description: 'GET /c/{competitionId}/{clipId}: the page of a clip, as it is shared',
      environment,
    });
    const embed = new RustFunction(this, 'Embed', {
      ...props,
      bin: 'describe-embed',
      description: 'GET /api/oembed: how other sites embed a clip (oEmbed)',
      environment,
    });
    const feed = new RustFunction(this, 'Feed', {
      ...props,
      bin: 'show-feed',
      description: 'GET /feeds/{competitionId}/media.rss: the newest clips as Media RSS',
      environment,
    });
    const sitemap = new RustFunction(this, 'Sitemap', {
      ...props,
      bin: 'show-sitemap',
      description: 'GET /feeds/{competitionId}/sitemap.xml: the clips for search engines',
      environment,
    });
    for (const reader of [page, embed]) library.grantRead(reader);
    for (const lister of [feed, sitemap]) library.grantList(lister);
    this.functions = [page, embed, feed, sitemap];
  }
}
