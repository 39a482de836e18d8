import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXISTING, type Properties, vod } from './synthesis.ts';

const MACHINES = [
  { name: 'newsroom', scopes: ['matchcut/clips.write'] },
  { name: 'backend', scopes: ['matchcut/playback.grant'] },
];
const stack = () => vod({ ...EXISTING, machines: MACHINES });

const client = (name: string): Properties => {
  const found = stack()
    .all('Cognito::UserPoolClient')
    .find((it) => it.Properties['ClientName'] === `matchcut-machine-${name}`);
  assert.ok(found, `the client of ${name} was not found`);
  return found.Properties;
};

test('a machine has a secret, scopes of its own and no other way to sign in', () => {
  for (const { name, scopes } of MACHINES) {
    const properties = client(name);
    assert.equal(properties['GenerateSecret'], true);
    assert.deepEqual(properties['AllowedOAuthFlows'], ['client_credentials']);
    assert.deepEqual(properties['ExplicitAuthFlows'], ['ALLOW_REFRESH_TOKEN_AUTH']);
    assert.equal(properties['CallbackURLs'], undefined);
    const named = scopes.map((it) => it.replace('matchcut', '<UsersPoolServermatchcut>'));
    assert.deepEqual(
      properties['AllowedOAuthScopes'].map((it: unknown) => stack().text(it)),
      named,
    );
  }
});

test('the API accepts tokens of machines', () => {
  const { JwtConfiguration: jwt } = stack().one('ApiGatewayV2::Authorizer').Properties;
  assert.deepEqual(
    jwt.Audience.map((it: unknown) => stack().text(it)),
    ['<UsersPoolApp>', '<UsersPoolMachinenewsroom>', '<UsersPoolMachinebackend>'],
  );
});

test('an output has the ids of machines, and no output has a secret', () => {
  const outputs = stack().template['Outputs'] as Properties;
  const ids = stack().text(outputs['MachineClientIds'].Value);
  assert.equal(ids, 'newsroom=<UsersPoolMachinenewsroom>,backend=<UsersPoolMachinebackend>');
  assert.ok(!JSON.stringify(stack().template).includes('ClientSecret'));
  const none = vod().template['Outputs'] as Properties;
  assert.equal(none['MachineClientIds'], undefined);
});

test('people cannot get the scope that only machines have', () => {
  const people = stack()
    .all('Cognito::UserPoolClient')
    .find((it) => it.Properties['ClientName'] === 'matchcut-app')?.Properties;
  const scopes = people?.['AllowedOAuthScopes'].map((it: unknown) => stack().text(it));
  assert.ok(!scopes.some((it: string) => it.includes('playback.grant')), scopes);
  const groups = stack().all('Cognito::UserPoolGroup');
  assert.deepEqual(groups.map((it) => it.Properties['GroupName']).sort(), ['operator', 'viewer']);
});

test('a machine with an unknown scope is refused, with the known ones', () => {
  assert.throws(
    () => vod({ ...EXISTING, machines: [{ name: 'a', scopes: ['matchcut/everything'] }] }),
    /^SettingsError: Setting machines has the scope matchcut\/everything, which the contract does not have\. It has matchcut\/clips\.read, /,
  );
});
