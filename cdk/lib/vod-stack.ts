/** Everything but the live channel: clips, assets, the library, the API and its delivery. */

import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

import { Alarms } from './alarms.ts';
import { Announce } from './announce.ts';
import { Api } from './api.ts';
import { Asset } from './asset.ts';
import { identifierOf } from './cdn-identifier.ts';
import { Channels, type LiveOrigin, viewerManifest } from './channels.ts';
import { Clip } from './clip.ts';
import type { Contract } from './contract.ts';
import { Delivery } from './delivery.ts';
import { Edit } from './edit.ts';
import { Library, expiryEnvironment } from './library.ts';
import { Metrics } from './metrics.ts';
import type { PackagingGroupFile } from './packaging-files.ts';
import type { Settings } from './settings.ts';
import { Upload } from './upload.ts';
import { Users } from './users.ts';
import { Viewer, viewEnvironment } from './viewer.ts';
import { Watch } from './watch.ts';
import { Webhook } from './webhook.ts';

export interface VodProps extends StackProps {
  readonly settings: Settings;
  readonly contract: Contract;
  /** In the order in which they are filled. */
  readonly packagingGroups: readonly PackagingGroupFile[];
  /** The channels that the stack Live made, by their ids. */
  readonly origins: ReadonlyMap<string, LiveOrigin>;
}

export class Vod extends Stack {
  constructor(scope: Construct, id: string, props: VodProps) {
    super(scope, id, props);
    const { settings, contract } = props;
    const deployment = { settings, alarms: new Alarms(this, 'Alarms', settings) };

    const library = new Library(this, 'Library', deployment);
    const users = new Users(this, 'Users', { ...deployment, contract });
    const api = new Api(this, 'Api', { ...deployment, contract, users });
    const listParameters = contract.operations.find((operation) => operation.id === 'list-clips')?.query ?? [];
    const delivery = new Delivery(this, 'Delivery', { settings, apiHost: api.host, listParameters });
    const channels = new Channels(this, settings, props.origins, delivery.url);

    const metrics = new Metrics(settings.name);
    new Announce(this, 'Announce', {
      ...deployment,
      library,
      channels,
      viewEnvironment: viewEnvironment(settings, delivery),
      metricsEnvironment: metrics.environment,
    });
    for (const webhook of settings.webhooks) new Webhook(this, `Webhook-${webhook.name}`, { ...deployment, webhook });

    const clip = new Clip(this, 'Clip', {
      ...deployment,
      library,
      channels,
      viewEnvironment: viewEnvironment(settings, delivery),
    });
    const asset = new Asset(this, 'Asset', {
      ...deployment,
      library,
      channels,
      due: clip.due,
      bucket: clip.bucket,
      packagingGroups: props.packagingGroups,
    });
    const edit = new Edit(this, 'Edit', {
      ...deployment,
      library,
      channels,
      due: clip.due,
      viewEnvironment: viewEnvironment(settings, delivery),
    });
    const viewer = new Viewer(this, 'Viewer', { ...deployment, library, channels, delivery });
    const upload = new Upload(this, 'Upload', {
      ...deployment,
      library,
      channels,
      clips: clip.bucket,
      viewEnvironment: viewEnvironment(settings, delivery),
      assetEnvironment: asset.environment,
      mayMakeAssets: (maker) => asset.mayMakeAssets(maker),
    });

    const sweep = library.sweep({
      ...clip.harvestEnvironment,
      ...channels.originEnvironment,
      ...clip.due.environment,
      ...asset.environment,
      ...upload.environment,
      ...metrics.environment,
      ...expiryEnvironment(settings),
    });
    clip.mayHarvest(sweep);
    clip.due.mayWake(sweep);
    asset.mayMakeAssets(sweep);
    asset.mayCount(sweep);
    upload.maySweep(sweep);

    api.route([clip.create, ...edit.functions, ...viewer.functions, ...upload.functions]);
    delivery.serve({
      channels: channels.all,
      packagings: asset.packagings,
      cdnIdentifier: identifierOf(asset.cdnIdentifier),
      bucket: clip.bucket,
    });

    new Watch(this, 'Watch', {
      ...deployment,
      metrics,
      api: api.http,
      library,
      due: clip.due,
      channels,
      distribution: delivery.distribution,
    });

    const outputs = {
      ApiUrl: delivery.url,
      HttpApiUrl: api.http.apiEndpoint,
      VodBaseUrl: delivery.vodBaseUrl,
      UserPoolId: users.pool.userPoolId,
      OperatorClientId: users.app.userPoolClientId,
      PackagingGroupIds: asset.packagings.map((it) => it.packaging.groupId).join(','),
      TableName: library.table.tableName,
      DueQueueUrl: clip.due.queue.queueUrl,
      ClipsBucketName: clip.bucket.bucketName,
      UploadsBucketName: upload.bucket.bucketName,
      LiveUrls: channels.all.map((it) => `${it.settings.id}=${viewerManifest(delivery.url, it)}`).join(','),
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
