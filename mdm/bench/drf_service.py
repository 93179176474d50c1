"""Lookups as commonly written with Django REST framework: what `bench lookup` and `bench reading` compare with."""

from django.db.models import QuerySet
from django.urls import path
from rest_framework.generics import RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.views import APIView

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


class CustomersView(APIView):
    """Many customers by the ids in the body, their addresses, contacts and other items left out."""

    def post(self, request: Request) -> Response:
        found = Customer._default_manager.filter(pk__in=dict(request.data)["ids"])
        return Response(CustomerSerializer(found, many=True).data)


urlpatterns = [
    path("customers/<uuid:pk>", CustomerView.as_view()),
    path("customers", CustomersView.as_view()),
]
