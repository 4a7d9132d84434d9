"""Types of EC2 whose API the stand-in has, and its CloudFormation not.

Custom::VpcRestrictDefaultSG, a function of the CDK, is done here: that function needs an SDK that this project doesn't have. No packet is
kept from anywhere by any of this.
"""
from ministack.services import ec2
from ministack.services.cloudformation import provisioners
from registry import amend, random_id, register as register_type, replaced


def register():
    _register_replaced("AWS::EC2::FlowLog", _create_flow_log, _delete_flow_log)
    _register_replaced("AWS::EC2::EIP", _create_address, _delete_address)
    _register_replaced("AWS::EC2::NatGateway", _create_nat, _delete_nat)
    for direction, rules in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
        _register_replaced(f"AWS::EC2::SecurityGroup{direction}", _create_rule(rules), _delete_rule(rules))
    _register_replaced("Custom::VpcRestrictDefaultSG", _restrict_group, _leave)
    amend("AWS::EC2::VPC", _with_block)


def _register_replaced(kind, create, delete):
    register_type(kind, create, replaced(create, delete), delete)


def _with_block(made, _properties):
    vpc, attributes = made
    return vpc, {**attributes, "CidrBlock": ec2._vpcs[vpc]["CidrBlock"]}


def _create_flow_log(_logical_id, properties, _stack):
    flow_log = random_id("fl")
    ec2._flow_logs[flow_log] = {
        "FlowLogId": flow_log,
        "ResourceId": properties["ResourceId"],
        "ResourceType": properties["ResourceType"],
        "TrafficType": properties.get("TrafficType", "ALL"),
        "LogDestinationType": properties.get("LogDestinationType", "cloud-watch-logs"),
        "LogDestination": properties.get("LogDestination") or properties.get("LogGroupName", ""),
        "FlowLogStatus": "ACTIVE",
        "CreationTime": ec2._now_ts(),
    }
    _tag(flow_log, properties)
    return flow_log, {"Id": flow_log}


def _delete_flow_log(flow_log, _properties):
    ec2._flow_logs.pop(flow_log, None)


def _create_address(_logical_id, properties, _stack):
    allocation, address = random_id("eipalloc"), ec2._random_ip("52.")
    ec2._addresses[allocation] = {
        "AllocationId": allocation, "PublicIp": address, "Domain": "vpc", "AssociationId": None,
        "InstanceId": None, "NetworkInterfaceId": None, "PrivateIpAddress": None,
    }
    _tag(allocation, properties)
    return address, {"AllocationId": allocation, "PublicIp": address}


def _delete_address(address, _properties):
    for allocation, kept in list(ec2._addresses.items()):
        if kept["PublicIp"] == address:
            ec2._addresses.pop(allocation, None)


def _create_nat(_logical_id, properties, _stack):
    gateway, subnet = random_id("nat"), properties["SubnetId"]
    ec2._nat_gateways[gateway] = {
        "NatGatewayId": gateway, "SubnetId": subnet, "VpcId": ec2._subnets[subnet]["VpcId"],
        "AllocationId": properties.get("AllocationId"), "State": "available", "CreateTime": ec2._now_ts(),
        "ConnectivityType": properties.get("ConnectivityType", "public"), "Tags": properties.get("Tags") or [],
    }
    _tag(gateway, properties)
    return gateway, {"NatGatewayId": gateway}


def _delete_nat(gateway, _properties):
    ec2._nat_gateways.pop(gateway, None)


def _tag(resource_id, properties):
    if properties.get("Tags"):
        ec2._tags[resource_id] = properties["Tags"]


def _create_rule(rules):
    def create(_logical_id, properties, _stack):
        ec2._security_groups[properties["GroupId"]].setdefault(rules, []).extend(_permissions(properties))
        rule = random_id("sgr")
        return rule, {"Id": rule}

    return create


def _delete_rule(rules):
    def delete(_rule, properties):
        kept = ec2._security_groups.get(properties["GroupId"], {}).get(rules, [])
        for permission in _permissions(properties):
            if permission in kept:
                kept.remove(permission)

    return delete


def _permissions(properties):
    return provisioners._ec2_sg_permissions([properties])


def _restrict_group(_logical_id, properties, _stack):
    group = properties["DefaultSecurityGroupId"]
    ec2._security_groups[group].update(IpPermissions=[], IpPermissionsEgress=[])
    return f"restricted-{group}", {}


def _leave(_physical_id, _properties):
    """A group goes with its VPC."""
