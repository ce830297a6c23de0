"""What happened, who is told by which way, and where programs are told."""

from community.models.delivery import UNFINISHED, Channel, Delivery, DeliveryState
from community.models.event import CHOOSABLE, Event, Kind, Mark
from community.models.webhook import Webhook
from community.models.wishes import FeedAddress, Follow, Pace, Preference

__all__ = [
    "CHOOSABLE",
    "UNFINISHED",
    "Channel",
    "Delivery",
    "DeliveryState",
    "Event",
    "FeedAddress",
    "Follow",
    "Kind",
    "Mark",
    "Pace",
    "Preference",
    "Webhook",
]
