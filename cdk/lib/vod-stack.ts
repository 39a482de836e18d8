/** The stack Vod: everything except the live channels. */

import { CfnOutput, Lazy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

import { Alarms } from './alarms/alarms.ts';
import { Metrics } from './alarms/metrics.ts';
import { Announce } from './announce/announce.ts';
import { Webhook } from './announce/webhook.ts';
import { Api } from './api/api.ts';
import type { Contract } from './api/contract.ts';
import { buildLoginOrigin, Login } from './api/login.ts';
import { Machines } from './api/machines.ts';
import { OriginSecret } from './api/origin-secret.ts';
import { Users } from './api/users.ts';
import { Asset } from './asset/asset.ts';
import { addAssetPlayable } from './asset/asset-playable.ts';
import type { PackagingGroupFile } from './asset/packaging-groups.ts';
import { Channel } from './channel/channel.ts';
import { Delivery } from './delivery/delivery.ts';
import { Edit } from './edit/edit.ts';
import { Export } from './export/export.ts';
import { Harvest } from './harvest/harvest.ts';
import { addHarvestComplete } from './harvest/harvest-complete.ts';
import { Library } from './library/library.ts';
import { buildViewerManifest, Channels, type LiveOrigin } from './live/channels.ts';
import { Mark } from './mark/mark.ts';
import { Reel } from './reel/reel.ts';
import { Rule } from './rule/rule.ts';
import type { Branding } from './settings/branding.ts';
import type { Settings } from './settings/settings.ts';
import { Share } from './share/share.ts';
import { addSweep } from './sweep/sweep.ts';
import { Upload } from './upload/upload.ts';
import { buildViewEnvironment, Viewer } from './viewer/viewer.ts';
import { Watch } from './watch/watch.ts';

export interface VodProps extends StackProps {
  readonly settings: Settings;
  readonly contract: Contract;
  readonly branding: Branding;
  /** In the order in which they are filled. */
  readonly packagingGroups: readonly PackagingGroupFile[];
  /** The origins that the stack Live made, by channel id. */
  readonly origins: ReadonlyMap<string, LiveOrigin>;
}

export class Vod extends Stack {
  constructor(scope: Construct, id: string, props: VodProps) {
    super(scope, id, props);
    const { settings, contract, branding } = props;
    const deployment = { settings, alarms: new Alarms(this, 'Alarms', settings) };

    const library = new Library(this, 'Library', deployment);
    const users = new Users(this, 'Users', { ...deployment, contract });
    const originSecret = new OriginSecret(this, 'Origin', settings.identifierRound);
    const api = new Api(this, 'Api', { ...deployment, contract, originSecret });
    const delivery = new Delivery(this, 'Delivery', {
      settings,
      contract,
      apiHost: api.host,
      originSecret,
      origins: {
        login: [buildLoginOrigin(this, settings)],
        uploads: [Lazy.string({ produce: () => upload.origin })],
        embed: branding.embed,
      },
    });
    const login = new Login(this, 'Login', {
      settings,
      users,
      branding,
      siteUrl: delivery.url,
    });
    const machines = new Machines(this, 'Machines', { settings, users });
    const channels = new Channels(settings, props.origins, delivery.url);

    const viewEnvironment = buildViewEnvironment(settings, delivery);
    const metrics = new Metrics(settings.name);
    new Announce(this, 'Announce', {
      ...deployment,
      library,
      channels,
      viewEnvironment,
      metrics,
    });
    for (const webhook of settings.webhooks)
      new Webhook(this, `Webhook-${webhook.name}`, { ...deployment, webhook });

    // Another id than `Clip` would change logical ids, and replace the bucket.
    const harvest = new Harvest(this, 'Clip', {
      ...deployment,
      library,
      channels,
      viewEnvironment,
    });
    const asset = new Asset(this, 'Asset', {
      ...deployment,
      bucket: harvest.bucket,
      packagingGroups: props.packagingGroups,
    });
    addAssetPlayable({ ...deployment, library, asset });
    const edit = new Edit(this, 'Edit', {
      ...deployment,
      library,
      channels,
      due: harvest.due,
      viewEnvironment,
    });
    const viewer = new Viewer(this, 'Viewer', { ...deployment, library, channels, delivery });
    const share = new Share(this, 'Share', { ...deployment, library, delivery, branding });
    const mark = new Mark(this, 'Mark', { ...deployment, library, channels });
    const channel = new Channel(this, 'Channel', { ...deployment, library, channels });
    const upload = new Upload(this, 'Upload', {
      ...deployment,
      library,
      channels,
      clips: harvest.bucket,
      viewEnvironment,
      asset,
    });

    addHarvestComplete({ ...deployment, library, channels, asset, harvest, fileJobs: upload });
    const exports = new Export(this, 'Export', {
      ...deployment,
      library,
      clips: harvest.bucket,
      upload,
      viewEnvironment,
    });

    const reel = new Reel(this, 'Reel', { ...deployment, library, channels, viewEnvironment });

    const rule = new Rule(this, 'Rule', {
      ...deployment,
      library,
      channels,
      harvest,
      viewEnvironment,
    });

    addSweep({
      ...deployment,
      library,
      channels,
      channel,
      harvest,
      asset,
      upload,
      exports,
      metrics,
    });

    const stages = [mark, rule, channel, edit, exports, reel, viewer, share, upload];
    api.addRoutes(
      [harvest.create, ...stages.flatMap(({ functions }) => functions)],
      login,
      machines,
    );
    delivery.addMedia({
      channels: channels.all,
      packagings: asset.packagings,
      cdnIdentifier: asset.cdnIdentifier,
      bucket: harvest.bucket,
    });

    new Watch(this, 'Watch', {
      ...deployment,
      metrics,
      api: api.http,
      library,
      due: harvest.due,
      channels,
      distribution: delivery.distribution,
    });

    const outputs = {
      ApiUrl: delivery.url,
      ConsoleUrl: `${delivery.url}/console`,
      ConsoleConfig: this.toJsonString({
        login: login.config,
        private: settings.viewerAccess === 'private',
        uploads: upload.origin,
        version: contract.version,
      }),
      SiteBucketName: delivery.site.bucket.bucketName,
      HttpApiUrl: api.http.apiEndpoint,
      VodBaseUrl: delivery.vodBaseUrl,
      UserPoolId: users.pool.userPoolId,
      OperatorClientId: login.app.userPoolClientId,
      ...(machines.clients.size > 0 ? { MachineClientIds: machines.clientIds } : {}),
      PackagingGroupIds: asset.packagings.map((it) => it.packaging.groupId).join(','),
      TableName: library.table.tableName,
      DueQueueUrl: harvest.due.queue.queueUrl,
      ClipsBucketName: harvest.bucket.bucketName,
      UploadsBucketName: upload.bucket.bucketName,
      LiveUrls: channels.all
        .map((it) => `${it.settings.id}=${buildViewerManifest(delivery.url, it)}`)
        .join(','),
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
