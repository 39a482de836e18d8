"""Checks the authorization table against the deployed API, with tokens from Cognito."""

import json
import time
import unittest

from authorization import MACHINE, AuthorizationTable, sign_in_machine
from deployment import PASSWORD, deployed
from stand_in import eventually


class TestAuthorization(AuthorizationTable, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        deployment = cls.deployment = deployed()
        cls.api, cls.opener = deployment.outputs["ApiUrl"], deployment.opener
        operator = deployment.sign_in("operator")
        cls.tokens = {
            "viewer": deployment.sign_in("viewer")["AccessToken"],
            "operator": operator["AccessToken"],
            "machine": cls.sign_in_machine(),
            "expired": cls.create_expired_token(),
            "stranger": cls.create_foreign_token(),
            "identity": operator["IdToken"],
        }

    @classmethod
    def sign_in_machine(cls) -> str:
        """Signs in with the secret that only Cognito has."""
        outputs = cls.deployment.outputs
        name, _, client_id = outputs["MachineClientIds"].partition("=")
        assert name == MACHINE
        users = cls.deployment.client("cognito-idp")
        client = users.describe_user_pool_client(
            UserPoolId=outputs["UserPoolId"], ClientId=client_id
        )["UserPoolClient"]
        endpoint = json.loads(outputs["ConsoleConfig"])["login"]["tokenEndpoint"]
        return sign_in_machine(endpoint, client_id, client["ClientSecret"], cls.opener)

    @classmethod
    def create_expired_token(cls) -> str:
        """Creates an operator's token that has expired after one second."""
        users = cls.deployment.client("cognito-idp")
        app = {
            "UserPoolId": cls.deployment.outputs["UserPoolId"],
            "ClientId": cls.deployment.outputs["OperatorClientId"],
        }
        client = users.describe_user_pool_client(**app)["UserPoolClient"]
        asked = users.meta.service_model.operation_model("UpdateUserPoolClient").input_shape.members
        before = {name: value for name, value in client.items() if name in asked and value}
        short = {"AccessTokenValidity": 1, "TokenValidityUnits": {"AccessToken": "seconds"}}
        users.update_user_pool_client(**before | short)
        token = cls.deployment.sign_in("operator")["AccessToken"]
        users.update_user_pool_client(**before)
        issued = time.time()
        eventually(lambda: time.time() > issued + 2, "the token did not expire")
        return token

    @classmethod
    def create_foreign_token(cls) -> str:
        """Creates a token of another user pool."""
        users = cls.deployment.client("cognito-idp")
        pool = {"UserPoolId": users.create_user_pool(PoolName="another")["UserPool"]["Id"]}
        client = users.create_user_pool_client(
            **pool, ClientName="another", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        users.admin_create_user(**pool, Username="eve", MessageAction="SUPPRESS")
        users.admin_set_user_password(**pool, Username="eve", Password=PASSWORD, Permanent=True)
        return users.admin_initiate_auth(
            **pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "eve", "PASSWORD": PASSWORD},
        )["AuthenticationResult"]["AccessToken"]
