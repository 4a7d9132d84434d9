"""What the stand-in's CloudFormation leaves out of tables: expiry, recovery, the key, and that deletion protection protects.

And AWS::Athena::NamedQuery, of which the stand-in has the API only.
"""
from ministack.services import athena, dynamodb
from ministack.services.cloudformation import provisioners
from registry import amend, known, register as register_type, replaced


def register():
    for kind in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        amend(kind, _complete)
        known[kind]["delete"] = _delete_table
    register_type("AWS::Athena::NamedQuery", _create_query, replaced(_create_query, _delete_query), _delete_query)


def _complete(made, properties):
    name, said = made[0], _of_this_region(properties)
    table = dynamodb._tables[name]
    recovery = said.get("PointInTimeRecoverySpecification") or {}
    dynamodb._pitr_settings[name] = bool(recovery.get("PointInTimeRecoveryEnabled"))
    table["DeletionProtectionEnabled"] = bool(said.get("DeletionProtectionEnabled"))
    key = (said.get("SSESpecification") or {}).get("KMSMasterKeyId")
    if key:
        encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        table["SSEDescription"] = dynamodb._sse_description_from_spec(encryption)
    expiry = properties.get("TimeToLiveSpecification") or {}
    if expiry.get("Enabled"):
        dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": expiry})
    return made


def _of_this_region(properties):
    """A global table says this for each region."""
    replicas = properties.get("Replicas")
    if replicas is None:
        return properties
    if len(replicas) > 1:
        raise ValueError("the stand-in has one region: a table of several can't be made")
    return replicas[0]


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
