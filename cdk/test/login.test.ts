import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chooseTextColor } from '../lib/api/login.ts';
import { EXISTING, type Properties, vod } from './synthesis.ts';

const client = (settings: object = {}): Properties =>
  vod({ ...EXISTING, ...settings }).one('Cognito::UserPoolClient').Properties;

test('the pages can sign in with a code and PKCE, and no page can get tokens in a URL', () => {
  const { AllowedOAuthFlows: flows, GenerateSecret: hasSecret } = client();
  assert.deepEqual(flows, ['code']);
  // A client without a secret must be able to use PKCE, which Cognito checks if a challenge was sent.
  assert.equal(hasSecret, false);
  assert.equal(client()['AllowedOAuthFlowsUserPoolClient'], true);
});

test('the login page redirects only to our pages and to the configured ones', () => {
  const urls = (settings: object = {}) => {
    const { CallbackURLs: callbacks, LogoutURLs: logouts } = client(settings);
    assert.deepEqual(logouts, callbacks);
    return callbacks.map((it: unknown) => vod().text(it));
  };
  const site = 'https://<DeliveryDistribution>';
  assert.deepEqual(urls(), [`${site}/console`, `${site}/w`]);
  const app = 'https://app.example.com/in';
  assert.deepEqual(urls({ loginCallbacks: [app] }), [`${site}/console`, `${site}/w`, app]);
  const domain = {
    domain: 'clips.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
  };
  assert.deepEqual(urls(domain), [
    'https://clips.example.com/console',
    'https://clips.example.com/w',
  ]);
});

test('a refresh token is replaced when it is used, and can be revoked', () => {
  const { RefreshTokenRotation: rotation, ExplicitAuthFlows: flows } = client();
  assert.equal(rotation.Feature, 'ENABLED');
  assert.ok(rotation.RetryGracePeriodSeconds <= 60);
  // Cognito refuses this flow together with rotation.
  assert.ok(!flows.includes('ALLOW_REFRESH_TOKEN_AUTH'));
  assert.equal(client()['EnableTokenRevocation'], true);
});

test('a token can have the scopes of the contract, and those of its groups are left', () => {
  const stack = vod();
  const scopes = client()['AllowedOAuthScopes'].map((it: unknown) => stack.text(it));
  assert.deepEqual(scopes, [
    'openid',
    '<UsersPoolServermatchcut>/clips.read',
    '<UsersPoolServermatchcut>/clips.write',
    '<UsersPoolServermatchcut>/channels.write',
  ]);
});

test('the login page is the newer one, with a style in the accent color', () => {
  const stack = vod();
  assert.equal(stack.one('Cognito::UserPoolDomain').Properties['ManagedLoginVersion'], 2);
  const { Settings: style, ClientId: styled } = stack.one(
    'Cognito::ManagedLoginBranding',
  ).Properties;
  assert.deepEqual(stack.at(styled).Type, 'AWS::Cognito::UserPoolClient');
  const button = style.components.primaryButton.lightMode.defaults;
  assert.deepEqual(button, { backgroundColor: '3d8bfdff', textColor: '000000ff' });
});

test('text on the accent color is black or white, whichever is easier to read', () => {
  const check = (color: string, expected: string) => assert.equal(chooseTextColor(color), expected);
  check('#ffffff', '#000000');
  check('#000000', '#ffffff');
  check('#ffff00', '#000000');
  check('#7a1fa2', '#ffffff');
  check('#0000ff', '#ffffff');
});

test('viewers of another identity provider sign in on the login page', () => {
  const identityProvider = {
    name: 'Members',
    issuer: 'https://id.example.com',
    clientId: 'matchcut',
    clientSecretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:members-AbCdEf',
  };
  const stack = vod({ ...EXISTING, identityProvider });
  const provider = stack.one('Cognito::UserPoolIdentityProvider');
  assert.equal(provider.Properties['ProviderType'], 'OIDC');
  const details = provider.Properties['ProviderDetails'];
  assert.equal(details.oidc_issuer, identityProvider.issuer);
  assert.equal(details.authorize_scopes, 'openid email');
  // CloudFormation reads the secret at the deployment.
  assert.equal(
    details.client_secret,
    `{{resolve:secretsmanager:${identityProvider.clientSecretArn}:SecretString:::}}`,
  );
  const { SupportedIdentityProviders: supported } = stack.one('Cognito::UserPoolClient').Properties;
  assert.deepEqual(
    supported.map((it: unknown) => (typeof it === 'string' ? it : stack.at(it).id)),
    ['COGNITO', provider.id],
  );
  assert.deepEqual(vod().all('Cognito::UserPoolIdentityProvider'), []);
});
