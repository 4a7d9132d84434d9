"""With AUTH=true, every request is judged by the policies of who sends it: functions by their role, all else as root.

Requests come over plain HTTP from this machine, where AWS asks for TLS: policies that refuse the former are judged as if it were the
latter. What a function says to a Kafka broker isn't judged at all.
"""
import re
from urllib.parse import unquote

from ministack.core import iam_actions, iam_evaluator

_cluster = re.compile(r"arn:aws:kafka:[^/]+:cluster/[^/]+/[^/]+")


def register():
    _judge_as_over_tls()
    _name_clusters()


def _judge_as_over_tls():
    resolve = iam_evaluator._resolve_condition_key

    def resolve_condition_key(key, context):
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    iam_evaluator._resolve_condition_key = resolve_condition_key


def _name_clusters():
    """A cluster's ARN has slashes, and the stand-in takes what is before the first one for all of it."""
    extract = iam_actions.extract_resource_arn

    def extract_resource_arn(service, method, path, *rest):
        named = _cluster.search(unquote(path)) if service == "kafka" else None
        return named[0] if named else extract(service, method, path, *rest)

    iam_actions.extract_resource_arn = extract_resource_arn
