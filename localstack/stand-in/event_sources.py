"""What the stand-in leaves out of event source mappings.

It polls the streams of tables, and no Kafka: those mappings are kept with all their settings, for a poller to read. A stream's batch
isn't waited for (MaximumBatchingWindowInSeconds), nor split or parted (BisectBatchOnFunctionError, ParallelizationFactor), and is given
up by its age only (MaximumRecordAgeInSeconds). What an answer names as failed is taken for the failure of the whole batch, which comes again.
"""
from ministack.services import lambda_svc
from registry import amend

_kept = (
    "Topics", "SourceAccessConfigurations", "AmazonManagedKafkaEventSourceConfig", "ProvisionedPollerConfig",
    "StartingPositionTimestamp", "MetricsConfig", "LoggingConfig", "KmsKeyArn", "TumblingWindowInSeconds",
)


def register():
    amend("AWS::Lambda::EventSourceMapping", _keep)
    _fail_on_failed_items()


def _keep(made, properties):
    mapping = lambda_svc._esms[made[0]]
    for key in _kept:
        if properties.get(key) is not None:
            mapping[key] = properties[key]
    return made


def _fail_on_failed_items():
    execute = lambda_svc._execute_function

    def execute_function(function, event, *rest, **options):
        result = execute(function, event, *rest, **options)
        records = event.get("Records") if isinstance(event, dict) else None
        body = result.get("body")
        if records and records[0].get("eventSource") == "aws:dynamodb" and isinstance(body, dict):
            failed = body.get("batchItemFailures")
            if failed and not result.get("error"):
                message = f"failed items: {failed}"
                return {**result, "error": True, "body": {"errorType": "BatchItemFailures", "errorMessage": message}}
        return result

    lambda_svc._execute_function = execute_function
