"""How a type of resource is made known to the stand-in's CloudFormation."""
from ministack.services.cloudformation import provisioners

known = provisioners._RESOURCE_HANDLERS


def register(kind, create, update, delete):
    """`create(logical_id, properties, stack)` and `update(physical_id, old, new, stack)` give the physical id and the attributes."""
    known[kind] = {"create": create, "update": update, "delete": delete}


def amend(kind, after):
    """Has `after(made, properties)` make the answer of a type that the stand-in knows, out of its own."""
    create, update = known[kind]["create"], known[kind]["update"]

    def create_and_amend(logical_id, properties, stack):
        return after(create(logical_id, properties, stack), properties)

    def update_and_amend(physical_id, old, new, stack, *rest):
        return after(update(physical_id, old, new, stack, *rest), new)

    known[kind] = {**known[kind], "create": create_and_amend, "update": update_and_amend}


def replaced(create, delete):
    """An update for types of which nearly every property makes a new resource."""

    def replace(physical_id, old, new, stack):
        made = create(physical_id, new, stack)
        delete(physical_id, old)
        return made

    return replace


def replaced_on(keys, create, update, delete):
    """An update that makes the resource anew where one of these properties changes, as CloudFormation does."""
    replace = replaced(create, delete)

    def replace_or_update(physical_id, old, new, stack):
        unchanged = all(old.get(key) == new.get(key) for key in keys)
        return (update if unchanged else replace)(physical_id, old, new, stack)

    return replace_or_update


def physical_name(stack, logical_id, longest=64):
    return provisioners._physical_name(stack, logical_id, max_len=longest)


def random_id(prefix):
    return f"{prefix}-{provisioners.new_uuid().replace('-', '')[:17]}"
