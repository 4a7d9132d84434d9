"""AWS::MSK::*: clusters are those of the stand-in's MSK API; GetBootstrapBrokers names the broker of MINISTACK_MSK_BOOTSTRAP.

Only noted, not run: how many brokers of what size there are, who may connect, and how they store and log. Topics are kept and listed
(ListTopics, DescribeTopic); nobody makes them on the broker here.
"""
import json
import re
from urllib.parse import unquote

from ministack.services import msk
from registry import physical_name, register as register_type, replaced_on

_topics = {}


def register():
    register_type("AWS::MSK::Cluster", _create_cluster, _replaced_by_name(_create_cluster), _delete_cluster)
    register_type("AWS::MSK::ServerlessCluster", _create_cluster, _replaced_by_name(_create_cluster), _delete_cluster)
    register_type("AWS::MSK::Configuration", _create_configuration, _update_configuration, _delete_configuration)
    update = replaced_on(("ClusterArn", "TopicName"), _create_topic, _update_topic, _delete_topic)
    register_type("AWS::MSK::Topic", _create_topic, update, _delete_topic)
    _answer_for_topics()


def _body(result):
    status, _headers, body = result
    if status >= 300:
        raise ValueError(f"MSK: {body!r}")
    return json.loads(body)


def _camel(properties):
    """CloudFormation's names of properties, in the spelling of the API."""
    return msk._camelize(properties)


def _create_cluster(logical_id, properties, stack):
    name = properties.get("ClusterName") or physical_name(stack, logical_id)
    request = {**_camel(properties), "clusterName": name, "tags": properties.get("Tags") or {}}
    request["numberOfBrokerNodes"] = int(properties.get("NumberOfBrokerNodes", 3))
    arn = _body(msk._create_cluster(json.dumps(request)))["clusterArn"]
    msk._clusters[arn]["Properties"] = properties
    return arn, _cluster_attributes(arn)


def _replaced_by_name(create):
    def update(arn, _old, new, _stack):
        msk._clusters[arn]["Properties"] = new
        return arn, _cluster_attributes(arn)

    return replaced_on(("ClusterName", "BrokerNodeGroupInfo", "VpcConfigs"), create, update, _delete_cluster)


def _cluster_attributes(arn):
    return {"Arn": arn, "CurrentVersion": msk._clusters[arn]["CurrentVersion"]}


def _delete_cluster(arn, _properties):
    msk._delete_cluster(arn)


def _create_configuration(logical_id, properties, stack):
    request = {**_camel(properties), "name": properties.get("Name") or physical_name(stack, logical_id)}
    arn = _body(msk._create_configuration(json.dumps(request)))["arn"]
    return arn, _configuration_attributes(arn)


def _update_configuration(arn, old, new, _stack):
    if old.get("ServerProperties") != new.get("ServerProperties"):
        configuration, revisions = msk._configurations[arn], msk._config_revisions[arn]
        revision = {**revisions[-1], "Revision": len(revisions) + 1, "ServerProperties": new["ServerProperties"]}
        revisions.append(revision)
        configuration["LatestRevision"]["Revision"] = revision["Revision"]
    return arn, _configuration_attributes(arn)


def _configuration_attributes(arn):
    latest = msk._configurations[arn]["LatestRevision"]
    return {"Arn": arn, **{f"LatestRevision.{key}": value for key, value in latest.items()}}


def _delete_configuration(arn, _properties):
    msk._configurations.pop(arn, None)
    msk._config_revisions.pop(arn, None)


def _create_topic(_logical_id, properties, _stack):
    cluster, name = properties["ClusterArn"], properties["TopicName"]
    if cluster not in msk._clusters:
        raise ValueError(f"MSK: there is no cluster {cluster}")
    arn = f"{cluster.replace(':cluster/', ':topic/')}/{name}"
    if arn in _topics:
        raise ValueError(f"MSK: the topic {name} exists already")
    _topics[arn] = properties
    return arn, {"TopicArn": arn}


def _update_topic(arn, old, new, _stack):
    if int(new["PartitionCount"]) < int(old["PartitionCount"]):
        raise ValueError(f"MSK: {new['TopicName']} can't have fewer partitions than before")
    _topics[arn] = new
    return arn, {"TopicArn": arn}


def _delete_topic(arn, _properties):
    _topics.pop(arn, None)


def _answer_for_topics():
    """Adds ListTopics and DescribeTopic to the API."""
    answer, path_form = msk.handle_request, re.compile(r"^/v1/clusters/(.+?)/topics(?:/([^/]+))?$")

    async def handle_request(method, path, headers, body, query_params):
        found = path_form.match(path) if method == "GET" else None
        if not found:
            return await answer(method, path, headers, body, query_params)
        cluster, name = unquote(found[1]), unquote(found[2] or "")
        topics = [_told(arn, topic) for arn, topic in _topics.items() if topic["ClusterArn"] == cluster]
        if not name:
            return msk._json({"Topics": topics})
        named = [topic for topic in topics if topic["TopicName"] == name]
        return msk._json({**named[0], "Status": "ACTIVE"}) if named else msk._not_found(f"Topic {name} not found.")

    msk.handle_request = handle_request


def _told(arn, properties):
    counts = {key: int(properties[key]) for key in ("PartitionCount", "ReplicationFactor")}
    return {"TopicArn": arn, "TopicName": properties["TopicName"], "OutOfSyncReplicaCount": 0, **counts}
