"""A lookup as commonly written with Django REST framework: what `bench lookup` compares with."""

from django.db.models import QuerySet
from django.urls import path
from rest_framework.generics import RetrieveAPIView
from rest_framework.serializers import ModelSerializer

from apps.golden.documents import typed_model
from apps.golden.models import GoldenEntity
from apps.golden.registry import entity

Customer = typed_model(entity("customer"))


class CustomerSerializer(ModelSerializer[GoldenEntity]):
    class Meta:
        model = Customer
        fields = "__all__"


class CustomerView(RetrieveAPIView[GoldenEntity]):
    serializer_class = CustomerSerializer

    def get_queryset(self) -> QuerySet[GoldenEntity]:
        return Customer._default_manager.all()


urlpatterns = [path("customers/<uuid:pk>", CustomerView.as_view())]
