"""The jobs service as the gateway calls it: clients, campaigns, jobs. Every method raises RemoteError.

`scope` is the one client that a bound API key may see, or empty for all.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import grpc
from adreel.common.v1 import common_pb2
from adreel.jobs.v1 import jobs_pb2 as pb
from adreel.jobs.v1 import jobs_pb2_grpc
from adreel_kit.rpc import call, stream
from google.protobuf.message import Message

_SERVICE = "jobs"


class JobsClient:
    """Typed calls with a deadline each."""

    def __init__(self, channel: grpc.aio.Channel, *, timeout_seconds: float) -> None:
        self._stub = jobs_pb2_grpc.JobsServiceStub(channel)
        self._timeout = timeout_seconds

    async def create_client(self, fields: pb.ClientFields, *, request_id: str, scope: str) -> pb.Client:
        """Make a client; the same `request_id` answers with the same one."""
        request = pb.CreateClientRequest(fields=fields, scope_client_id=scope, request_id=request_id)
        answer: pb.CreateClientResponse = await self._call(self._stub.CreateClient, request)
        return answer.client

    async def get_client(self, client_id: str, *, scope: str) -> pb.Client:
        request = pb.GetClientRequest(client_id=client_id, scope_client_id=scope)
        answer: pb.GetClientResponse = await self._call(self._stub.GetClient, request)
        return answer.client

    async def list_clients(self, *, query: str, page: common_pb2.PageRequest, scope: str) -> pb.ListClientsResponse:
        request = pb.ListClientsRequest(query=query, page=page, scope_client_id=scope)
        return cast(pb.ListClientsResponse, await self._call(self._stub.ListClients, request))

    async def replace_client(self, client_id: str, fields: pb.ClientFields, *, scope: str) -> pb.Client:
        request = pb.ReplaceClientRequest(client_id=client_id, fields=fields, scope_client_id=scope)
        answer: pb.ReplaceClientResponse = await self._call(self._stub.ReplaceClient, request)
        return answer.client

    async def delete_client(self, client_id: str, *, force: bool, scope: str) -> str:
        request = pb.DeleteClientRequest(client_id=client_id, force=force, scope_client_id=scope)
        answer: pb.DeleteClientResponse = await self._call(self._stub.DeleteClient, request)
        return answer.client_id

    async def get_client_stats(self, client_id: str, *, scope: str) -> pb.GetClientStatsResponse:
        request = pb.GetClientStatsRequest(client_id=client_id, scope_client_id=scope)
        return cast(pb.GetClientStatsResponse, await self._call(self._stub.GetClientStats, request))

    async def create_campaign(self, fields: pb.CampaignFields, *, request_id: str, scope: str) -> pb.Campaign:
        """Make a campaign; the same `request_id` answers with the same one."""
        request = pb.CreateCampaignRequest(fields=fields, scope_client_id=scope, request_id=request_id)
        answer: pb.CreateCampaignResponse = await self._call(self._stub.CreateCampaign, request)
        return answer.campaign

    async def get_campaign(self, campaign_id: str, *, scope: str) -> pb.Campaign:
        request = pb.GetCampaignRequest(campaign_id=campaign_id, scope_client_id=scope)
        answer: pb.GetCampaignResponse = await self._call(self._stub.GetCampaign, request)
        return answer.campaign

    async def list_campaigns(self, request: pb.ListCampaignsRequest) -> pb.ListCampaignsResponse:
        return cast(pb.ListCampaignsResponse, await self._call(self._stub.ListCampaigns, request))

    async def replace_campaign(self, campaign_id: str, fields: pb.CampaignFields, *, scope: str) -> pb.Campaign:
        request = pb.ReplaceCampaignRequest(campaign_id=campaign_id, fields=fields, scope_client_id=scope)
        answer: pb.ReplaceCampaignResponse = await self._call(self._stub.ReplaceCampaign, request)
        return answer.campaign

    async def delete_campaign(self, campaign_id: str, *, force: bool, scope: str) -> str:
        request = pb.DeleteCampaignRequest(campaign_id=campaign_id, force=force, scope_client_id=scope)
        answer: pb.DeleteCampaignResponse = await self._call(self._stub.DeleteCampaign, request)
        return answer.campaign_id

    async def get_campaign_stats(self, campaign_id: str, *, scope: str) -> pb.Stats:
        request = pb.GetCampaignStatsRequest(campaign_id=campaign_id, scope_client_id=scope)
        answer: pb.GetCampaignStatsResponse = await self._call(self._stub.GetCampaignStats, request)
        return answer.stats

    async def create_job(self, job: pb.JobInput, *, adopt: bool, request_id: str, scope: str) -> pb.Job:
        """Make a job; the same `request_id` answers with the same job, so this is safe to repeat."""
        request = pb.CreateJobRequest(
            input=job, adopt_unknown_client=adopt, request_id=request_id, scope_client_id=scope
        )
        answer: pb.CreateJobResponse = await self._call(self._stub.CreateJob, request)
        return answer.job

    async def get_job(self, job_id: str, *, scope: str) -> pb.Job:
        answer: pb.GetJobResponse = await self._call(
            self._stub.GetJob, pb.GetJobRequest(job_id=job_id, scope_client_id=scope)
        )
        return answer.job

    async def request_preview(self, job_id: str, *, scope: str) -> None:
        """Returns once the animatic of the storyboard as it stands can be read."""
        # jobs asks scenes and render in turn, each with a deadline of its own.
        await call(
            self._stub.RequestPreview,
            pb.RequestPreviewRequest(job_id=job_id, scope_client_id=scope),
            service=_SERVICE,
            timeout_seconds=self._timeout * 2,
        )

    async def list_jobs(self, request: pb.ListJobsRequest) -> pb.ListJobsResponse:
        return cast(pb.ListJobsResponse, await self._call(self._stub.ListJobs, request))

    async def apply_action(self, request: pb.ApplyActionRequest) -> pb.Job:
        # Approving and reopening ask the scenes service in turn, which has a deadline of its own.
        answer: pb.ApplyActionResponse = await call(
            self._stub.ApplyAction, request, service=_SERVICE, timeout_seconds=self._timeout * 2
        )
        return answer.job

    def watch_job(self, job_id: str, *, after_version: int, scope: str) -> AsyncIterator[pb.WatchJobResponse]:
        """Every change after `after_version` until the job's end; the caller stops it by leaving its loop."""
        request = pb.WatchJobRequest(job_id=job_id, after_version=after_version, scope_client_id=scope)
        return stream(self._stub.WatchJob, request, service=_SERVICE, timeout_seconds=None)

    async def _call(self, method: Callable[..., Any], request: Message) -> Any:
        # The stub's types name the answer; the annotation at each caller repeats it.
        return await call(method, request, service=_SERVICE, timeout_seconds=self._timeout)
