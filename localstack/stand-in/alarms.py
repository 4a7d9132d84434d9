"""AWS::CloudWatch::CompositeAlarm, and alarms over metric math.

Only noted, not run: the arithmetic. Such an alarm is there with its actions, and stays at INSUFFICIENT_DATA.
"""
import json

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners
from registry import physical_name, register as register_type, replaced_on

_kept_apart = "noted, not evaluated"


def register():
    update = replaced_on(("AlarmName",), _create, _update, _delete)
    register_type("AWS::CloudWatch::CompositeAlarm", _create, update, _delete)
    _keep_metric_math()


def _create(logical_id, properties, stack):
    return _put(properties.get("AlarmName") or physical_name(stack, logical_id, 255), properties)


def _update(name, _old, properties, _stack):
    return _put(name, properties)


def _put(name, properties):
    status, _headers, body = cloudwatch._put_composite_alarm({}, {**properties, "AlarmName": name}, False, is_json=True)
    if status >= 300:
        raise ValueError(f"CloudWatch: {body!r}")
    return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}


def _delete(name, _properties):
    cloudwatch._composite_alarms.pop(name, None)


def _keep_metric_math():
    record_of = provisioners._cw_metric_alarm_record

    def record_with_metrics(name, properties):
        metrics = properties.get("Metrics")
        if not metrics:
            return record_of(name, properties)
        single = {key: value for key, value in properties.items() if key != "Metrics"}
        record = record_of(name, {**single, "Namespace": _kept_apart, "MetricName": json.dumps(metrics)})
        return {**record, "Metrics": metrics}

    provisioners._cw_metric_alarm_record = record_with_metrics
