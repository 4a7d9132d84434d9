"""AWS::DynamoDB::GlobalTable with what the stand-in leaves out: expiry, and what the replica of this region says of deletion, recovery
and the key. And AWS::Athena::NamedQuery, of which the stand-in has the API only.
"""
from ministack.services import athena, dynamodb
from ministack.services.cloudformation import provisioners
from registry import amend, known, register as register_type, replaced

_table = "AWS::DynamoDB::GlobalTable"


def register():
    amend(_table, _as_replica_says)
    known[_table]["delete"] = _delete_table
    register_type("AWS::Athena::NamedQuery", _create_query, replaced(_create_query, _delete_query), _delete_query)


def _as_replica_says(made, properties):
    name, (replica, *others) = made[0], properties["Replicas"]
    if others:
        raise ValueError("the stand-in has one region: a table of several can't be made")
    table = dynamodb._tables[name]
    recovery = replica.get("PointInTimeRecoverySpecification") or {}
    dynamodb._pitr_settings[name] = bool(recovery.get("PointInTimeRecoveryEnabled"))
    table["DeletionProtectionEnabled"] = bool(replica.get("DeletionProtectionEnabled"))
    key = (replica.get("SSESpecification") or {}).get("KMSMasterKeyId")
    if key:
        encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        table["SSEDescription"] = dynamodb._sse_description_from_spec(encryption)
    expiry = properties.get("TimeToLiveSpecification") or {}
    if expiry.get("Enabled"):
        dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": expiry})
    return made


def _delete_table(name, properties):
    if (dynamodb._tables.get(name) or {}).get("DeletionProtectionEnabled"):
        raise ValueError(f"DynamoDB: {name} is protected from deletion")
    provisioners._ddb_delete(name, properties)


def _create_query(_logical_id, properties, _stack):
    query = provisioners.new_uuid()
    kept = {key: properties.get(key, "") for key in ("Name", "Description", "Database", "QueryString")}
    athena._named_queries[query] = {"NamedQueryId": query, "WorkGroup": properties.get("WorkGroup", "primary"), **kept}
    return query, {"NamedQueryId": query}


def _delete_query(query, _properties):
    athena._named_queries.pop(query, None)
