"""What the stand-in's CloudFormation drops of functions and secrets.

Only noted, not run: a function's place in a VPC, and the key of its environment.
"""
from ministack.core import lambda_runtime
from ministack.services import lambda_svc, secretsmanager
from registry import amend, known


def register():
    amend("AWS::Lambda::Function", _keep)
    _refer_to_secrets_by_arn()
    _leave_https_to_others()


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


def _leave_https_to_others():
    """Functions speak plain HTTP where they ask this machine by https; here only to the stand-in itself, and not to other servers."""
    asked = 'if (host === "127.0.0.1" || host === "localhost" || host === msHost'
    is_own = "[undefined, null, 443, msPort].map(String).includes(String(options.port))"
    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    if script.count(asked) != 1 or script.count("&& host === advertised)) {") != 1:
        raise RuntimeError("this version of MiniStack runs functions in another way")
    script = script.replace(asked, f"if ({is_own} && ({asked[4:]}")
    lambda_runtime._NODEJS_WORKER_SCRIPT = script.replace("&& host === advertised)) {", "&& host === advertised))) {")
