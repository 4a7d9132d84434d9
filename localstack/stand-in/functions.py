"""What the stand-in's CloudFormation drops of functions and secrets.

Only noted, not run: a function's place in a VPC, and the key of its environment.
"""
from ministack.services import lambda_svc, secretsmanager
from registry import amend, known


def register():
    amend("AWS::Lambda::Function", _keep)
    _refer_to_secrets_by_arn()


def _keep(made, properties):
    configuration = lambda_svc._functions[made[0]]["config"]
    for key in ("VpcConfig", "KmsKeyArn"):
        if properties.get(key):
            configuration[key] = properties[key]
    return made


def _refer_to_secrets_by_arn():
    """A reference to a secret is its ARN; the stand-in takes its name."""
    handlers = known["AWS::SecretsManager::Secret"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def create_secret(logical_id, properties, stack):
        return _by_arn(create(logical_id, properties, stack))

    def update_secret(arn, old, new, stack, logical_id=None):
        return _by_arn(update(_name_of(arn), old, new, stack, logical_id))

    known["AWS::SecretsManager::Secret"] = {
        **handlers, "create": create_secret, "update": update_secret,
        "delete": lambda arn, properties: delete(_name_of(arn), properties),
    }


def _by_arn(made):
    return made[1]["Arn"], made[1]


def _name_of(arn):
    return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn), arn)
