"""Types that are only noted, not run: their properties are kept and logged, and nothing else happens."""
import json
import logging

from ministack.core.responses import get_account_id, get_region
from registry import physical_name, register as register_type

log = logging.getLogger("noted")
_noted = {}


def register():
    _note("AWS::KafkaConnect::Connector", "ConnectorName", "ConnectorArn", {})
    _note("AWS::KafkaConnect::CustomPlugin", "Name", "CustomPluginArn", {"Revision": 1})
    _note("AWS::KafkaConnect::WorkerConfiguration", "Name", "WorkerConfigurationArn", {"Revision": 1})
    _note("AWS::Logs::QueryDefinition", "Name", "QueryDefinitionId", {})


def _note(kind, name_property, id_attribute, attributes):
    def create(logical_id, properties, stack):
        name = properties.get(name_property) or physical_name(stack, logical_id)
        scope = f"{get_region()}:{get_account_id()}:{kind.rsplit('::', 1)[1].lower()}"
        return update(f"arn:aws:{kind.split('::')[1].lower()}:{scope}/{name}", None, properties, stack)

    def update(physical_id, _old, properties, _stack):
        _noted[physical_id] = properties
        log.warning("%s is noted, not run: %s", kind, json.dumps(properties, sort_keys=True))
        return physical_id, {id_attribute: physical_id, **attributes}

    register_type(kind, create, update, lambda physical_id, _properties: _noted.pop(physical_id, None))
