"""A second deployment changes nothing, and make destroy leaves nothing behind."""

from clips import ClipTest
from deployment import Deployment


class TestDestroy(ClipTest):
    def test_a_second_deployment_changes_nothing_and_destroying_leaves_nothing(self):
        deployment = Deployment()
        self.addCleanup(deployment.stop)
        before = list_resources(deployment)
        deployment.deploy()
        made = list_resources(deployment)
        for kind in made:
            with self.subTest(kind):
                self.assertNotEqual(made[kind], before[kind], "the list does not show this kind")
        self.assertIn("(no changes)", deployment.deploy())
        self.assertEqual(list_resources(deployment), made)
        self.assertIn("files of the pages", deployment.publish())

        self.use(deployment)
        self.wait_until_listed(self.create_clip(lastSeconds=4), 50)
        vod = deployment.client("mediapackage-vod", url=deployment.elemental.origin)
        self.assertEqual(len(vod.list_assets()["Assets"]), 1)
        destroy = ["node", "--import", "tsx", "tools/destroy.ts", "--yes", "--delete-data"]
        self.assertIn("deleted 1 assets", deployment.run(*destroy))
        self.assertEqual(vod.list_assets()["Assets"], [])
        self.assertEqual(list_resources(deployment), before)


def list_resources(deployment: Deployment) -> dict[str, set[str]]:
    """Lists all resources of the account, by kind."""
    listed = {
        "functions": ("lambda", "list_functions", "Functions", "FunctionName"),
        "tables": ("dynamodb", "list_tables", "TableNames", None),
        "buckets": ("s3", "list_buckets", "Buckets", "Name"),
        "queues": ("sqs", "list_queues", "QueueUrls", None),
        "rules": ("events", "list_rules", "Rules", "Name"),
        "secrets": ("secretsmanager", "list_secrets", "SecretList", "Name"),
        "topics": ("sns", "list_topics", "Topics", "TopicArn"),
        "logs": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "dashboards": ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
        "APIs": ("apigatewayv2", "get_apis", "Items", "ApiId"),
        "roles": ("iam", "list_roles", "Roles", "RoleName"),
    }
    found = {
        kind: collect_names(getattr(deployment.client(service), operation)(), member, name)
        for kind, (service, operation, member, name) in listed.items()
    }
    pools = deployment.client("cognito-idp").list_user_pools(MaxResults=60)
    distributions = deployment.client("cloudfront").list_distributions()["DistributionList"]
    return found | {
        "user pools": collect_names(pools, "UserPools", "Id"),
        "distributions": collect_names(distributions, "Items", "Id"),
    }


def collect_names(reply: dict, member: str, name: str | None) -> set[str]:
    return {item[name] if name else item for item in reply.get(member, [])}
