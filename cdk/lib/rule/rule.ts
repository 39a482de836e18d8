/** Rules: what is made of marks, and the routes for rules and for suggestions. */

import { Duration } from 'aws-cdk-lib';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

import { createDeadLetterQueue } from '../function/events.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Harvest } from '../harvest/harvest.ts';
import { buildExpiryEnvironment, type Library } from '../library/library.ts';
import type { Channels } from '../live/channels.ts';

/** What is made of a mark is no use hours later. The stream itself keeps a record for 24 hours. */
const MAX_RECORD_AGE = Duration.hours(1);

export interface RuleProps extends Deployment {
  readonly library: Library;
  readonly channels: Channels;
  readonly harvest: Harvest;
  /** The environment of functions that show clips. */
  readonly viewEnvironment: Record<string, string>;
}

export class Rule extends Construct {
  /** The functions behind the operators' routes for rules and suggestions. */
  readonly functions: readonly RustFunction[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RuleProps,
  ) {
    super(scope, id);
    this.functions = [...this.addRoutes(), this.addConfirm()];
    this.addApply();
  }

  private addRoutes(): RustFunction[] {
    const { library, channels } = this.props;
    const known = { CHANNELS: channels.json };
    const add = (
      id: string,
      bin: string,
      description: string,
      environment: Record<string, string> = {},
    ) =>
      new RustFunction(this, id, {
        ...this.props,
        bin,
        description,
        environment: { ...library.environment, ...environment },
      });
    const list = add('List', 'list-rules', 'GET /api/rules: lists the rules');
    const create = add('Create', 'create-rule', 'POST /api/rules: creates a rule', known);
    const replace = add(
      'Replace',
      'replace-rule',
      'PUT /api/rules/{ruleId}: replaces a rule',
      known,
    );
    const remove = add('Delete', 'delete-rule', 'DELETE /api/rules/{ruleId}: deletes a rule');
    const preview = add(
      'Preview',
      'preview-rule',
      'POST /api/rules/preview: shows what a rule would have made of marks',
      known,
    );
    library.grantRules(list, ['dynamodb:Query']);
    library.grantRules(create, ['dynamodb:Query', 'dynamodb:PutItem']);
    library.grantRules(replace, ['dynamodb:GetItem', 'dynamodb:PutItem']);
    library.grantRules(remove, ['dynamodb:GetItem', 'dynamodb:DeleteItem']);
    const ids = channels.all.map((channel) => channel.settings.id);
    library.grantMarks(preview, ids, ['dynamodb:Query']);
    return [list, create, replace, remove, preview];
  }

  private addConfirm(): RustFunction {
    const { library, channels, harvest, viewEnvironment } = this.props;
    const confirm = new RustFunction(this, 'Confirm', {
      ...this.props,
      bin: 'confirm-clip',
      description:
        'POST /api/competitions/{competitionId}/clips/{clipId}/confirm: confirms a suggestion',
      environment: {
        ...library.environment,
        ...harvest.harvestEnvironment,
        ...channels.originEnvironment,
        ...harvest.due.environment,
        ...viewEnvironment,
      },
    });
    library.grantWrite(confirm);
    harvest.grantHarvest(confirm);
    harvest.due.grantSendDueMessages(confirm);
    return confirm;
  }

  private addApply(): void {
    const { library, channels, harvest, settings, alarms } = this.props;
    const failed = createDeadLetterQueue(this, 'Unapplied');
    alarms.addQueueAlarm('marks', failed, { id: 'marks', runbook: 'marks-that-failed' });
    const apply = new RustFunction(this, 'Apply', {
      ...this.props,
      bin: 'apply-rules',
      description: 'Makes suggestions and clips of new marks, as the rules say',
      environment: {
        ...library.environment,
        ...harvest.due.environment,
        ...buildExpiryEnvironment(settings),
        CHANNELS: channels.json,
      },
    });
    library.grantApplyRules(apply);
    library.grantReadStream(apply);
    harvest.due.grantSend(apply);
    apply.allow({ actions: ['sqs:SendMessage'], resources: [failed.queueArn] });
    // A shard of the stream has two readers at most: this one and `announce-clip`.
    apply.lambda.addEventSourceMapping('Marks', {
      eventSourceArn: library.streamArn,
      // Marks that were made while the stack was being deployed count, too.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.or('INSERT', 'MODIFY'),
          // The rows of keys are in the same partitions.
          dynamodb: {
            NewImage: {
              competition: { S: FilterRule.beginsWith('marks#') },
              clip: { S: FilterRule.beginsWith('at#') },
            },
          },
        }),
      ],
      // Lambda splits a failed batch until it has found the failing mark. The others go on.
      bisectBatchOnError: true,
      retryAttempts: 10,
      maxRecordAge: MAX_RECORD_AGE,
      onFailure: { bind: () => ({ destination: failed.queueArn }) },
    });
    alarms.addAlarm('rules are late', {
      metric: apply.lambda.metric('IteratorAge', {
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
      threshold: Duration.minutes(1).toMilliseconds(),
      periods: 3,
      missingData: 'good',
      cause: 'late',
      description: 'Suggestions and clips of rules appear more than a minute after their marks.',
      runbook: 'rules-are-late',
    });
  }
}
