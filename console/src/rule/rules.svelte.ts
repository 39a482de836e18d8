/** The rules that make suggestions and clips of marks. */

import { type Api, answer } from '../api/client.ts';
import { RequestFailed } from '../api/problem.ts';
import type { PlannedClip, Rule, RuleRequest } from './rule.ts';

/** How long a request may take, in ms. */
const REQUEST_MS = 10_000;

const RULE = '/api/rules/{ruleId}';

/** What came of saving a rule: the rule, or the version of somebody else. */
export type Saved = { readonly rule: Rule } | { readonly theirs: Rule | undefined };

/** The methods throw `RequestFailed`. */
export class Rules {
  /** The rules in the order of their names. */
  all = $state.raw<readonly Rule[]>([]);
  isLoaded = $state(false);

  constructor(private readonly api: Api) {}

  async load(): Promise<void> {
    const { data } = await answer(this.api.GET('/api/rules', { signal: timeout() }));
    this.#show(data.rules);
    this.isLoaded = true;
  }

  async create(body: RuleRequest): Promise<Rule> {
    const { data } = await answer(this.api.POST('/api/rules', { body, signal: timeout() }));
    this.#show([...this.all, data]);
    return data;
  }

  /** Replaces a rule, if nobody has changed it since this version of it. */
  async replace(rule: Rule, body: RuleRequest): Promise<Saved> {
    const params = { path: { ruleId: rule.id }, header: { 'If-Match': rule.etag } };
    try {
      const { data } = await answer(this.api.PUT(RULE, { params, body, signal: timeout() }));
      this.#show(this.all.map((it) => (it.id === rule.id ? data : it)));
      return { rule: data };
    } catch (failure) {
      const status = failure instanceof RequestFailed ? failure.problem?.status : undefined;
      if (status !== 412 && status !== 404) throw failure;
      await this.load();
      return { theirs: this.all.find((it) => it.id === rule.id) };
    }
  }

  async remove(rule: Rule): Promise<void> {
    const params = { path: { ruleId: rule.id } };
    await answer(this.api.DELETE(RULE, { params, signal: timeout() }));
    this.#show(this.all.filter((it) => it.id !== rule.id));
  }

  /** What a rule would have made of the marks of the last hour. */
  async preview(rule: RuleRequest, channel: string): Promise<readonly PlannedClip[]> {
    const body = { rule, channel };
    const reply = this.api.POST('/api/rules/preview', { body, signal: timeout() });
    return (await answer(reply)).data.clips;
  }

  #show(rules: readonly Rule[]): void {
    this.all = rules.toSorted((a, b) => a.name.localeCompare(b.name));
  }
}

function timeout(): AbortSignal {
  return AbortSignal.timeout(REQUEST_MS);
}
