"""Deploying again changes nothing, and removing leaves nothing."""

import unittest

from deployment import Deployment


class TestRemoval(unittest.TestCase):
    def test_a_second_deployment_changes_nothing_and_removing_leaves_nothing(self):
        deployment = Deployment()
        self.addCleanup(deployment.stop)
        before = leftovers(deployment)
        deployment.deploy()
        made = leftovers(deployment)
        for kind in made:
            with self.subTest(kind):
                self.assertNotEqual(made[kind], before[kind], "the list of these cannot tell")
        self.assertIn("(no changes)", deployment.deploy())
        self.assertEqual(leftovers(deployment), made)

        deployment.cdk("destroy", "Vod", "--force")
        self.assertEqual(leftovers(deployment), before)


def leftovers(deployment):
    """Everything in the account that the stack makes, by kind."""
    listed = {
        "functions": ("lambda", "list_functions", "Functions", "FunctionName"),
        "tables": ("dynamodb", "list_tables", "TableNames", None),
        "buckets": ("s3", "list_buckets", "Buckets", "Name"),
        "queues": ("sqs", "list_queues", "QueueUrls", None),
        "rules": ("events", "list_rules", "Rules", "Name"),
        "secrets": ("secretsmanager", "list_secrets", "SecretList", "Name"),
        "topics": ("sns", "list_topics", "Topics", "TopicArn"),
        "logs": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "alarms": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        "dashboards": ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
        "APIs": ("apigatewayv2", "get_apis", "Items", "ApiId"),
        "roles": ("iam", "list_roles", "Roles", "RoleName"),
    }
    found = {
        kind: names(getattr(deployment.client(service), operation)(), member, name)
        for kind, (service, operation, member, name) in listed.items()
    }
    pools = deployment.client("cognito-idp").list_user_pools(MaxResults=60)
    distributions = deployment.client("cloudfront").list_distributions()["DistributionList"]
    return found | {
        "user pools": names(pools, "UserPools", "Id"),
        "distributions": names(distributions, "Items", "Id"),
    }


def names(reply, member, name):
    return {item[name] if name else item for item in reply.get(member, [])}
