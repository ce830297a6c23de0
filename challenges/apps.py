from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class ChallengesConfig(AppConfig):
    name = "challenges"

    def ready(self) -> None:
        from challenges.services.roles import role_given, role_taken

        role = self.get_model("ChallengeRole")
        post_save.connect(role_given, sender=role, dispatch_uid="audit")
        post_delete.connect(role_taken, sender=role, dispatch_uid="audit")
