# ruff: noqa: N802 - the methods' names are the protocol's
"""The gRPC face of the service: a message becomes a command or query, the answer what was committed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
from adreel.jobs.v1 import jobs_pb2 as pb
from adreel.jobs.v1 import jobs_pb2_grpc

from adreel_jobs.entrypoints.messages import (
    campaign_message,
    change_message,
    client_message,
    job_message,
    page_messages,
    stats_message,
)
from adreel_jobs.entrypoints.requests import (
    read_action,
    read_campaign_fields,
    read_campaign_status,
    read_client_fields,
    read_input,
    read_page,
    read_status,
)
from adreel_jobs.usecases.apply_action import ActionRunner
from adreel_jobs.usecases.create_job import CreateJob, JobCreator
from adreel_jobs.usecases.manage_campaigns import CampaignManager, DeleteCampaign
from adreel_jobs.usecases.manage_clients import ClientManager, DeleteClient
from adreel_jobs.usecases.queries import Queries
from adreel_jobs.usecases.request_preview import PreviewRequester
from adreel_jobs.usecases.watch_job import JobWatcher

# The context's type parameters are the request's and the answer's; nothing here uses them.
Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the servicer hands its commands to."""

    create_job: JobCreator
    apply_action: ActionRunner
    watch_job: JobWatcher
    clients: ClientManager
    campaigns: CampaignManager
    queries: Queries
    preview: PreviewRequester


class JobsServicer(jobs_pb2_grpc.JobsServiceServicer):
    """Errors are raised; the kit's interceptor maps them."""

    def __init__(self, usecases: UseCases) -> None:
        self._do = usecases

    async def CreateClient(self, request: pb.CreateClientRequest, context: Context) -> pb.CreateClientResponse:
        client = await self._do.clients.create(
            read_client_fields(request.fields), request.scope_client_id, request.request_id
        )
        return pb.CreateClientResponse(client=client_message(client))

    async def GetClient(self, request: pb.GetClientRequest, context: Context) -> pb.GetClientResponse:
        client = await self._do.queries.client(request.client_id, request.scope_client_id)
        return pb.GetClientResponse(client=client_message(client))

    async def ListClients(self, request: pb.ListClientsRequest, context: Context) -> pb.ListClientsResponse:
        page = await self._do.queries.clients(
            query=request.query, page=read_page(request.page), scope=request.scope_client_id
        )
        clients, info = page_messages(page, client_message)
        return pb.ListClientsResponse(clients=clients, page=info)

    async def ReplaceClient(self, request: pb.ReplaceClientRequest, context: Context) -> pb.ReplaceClientResponse:
        client = await self._do.clients.replace(
            request.client_id, read_client_fields(request.fields), request.scope_client_id
        )
        return pb.ReplaceClientResponse(client=client_message(client))

    async def DeleteClient(self, request: pb.DeleteClientRequest, context: Context) -> pb.DeleteClientResponse:
        deleted = await self._do.clients.delete(DeleteClient(request.client_id, request.force, request.scope_client_id))
        return pb.DeleteClientResponse(client_id=str(deleted))

    async def GetClientStats(self, request: pb.GetClientStatsRequest, context: Context) -> pb.GetClientStatsResponse:
        client_id, stats = await self._do.queries.client_stats(request.client_id, request.scope_client_id)
        return pb.GetClientStatsResponse(stats=stats_message(stats), client_id=str(client_id))

    async def CreateCampaign(self, request: pb.CreateCampaignRequest, context: Context) -> pb.CreateCampaignResponse:
        campaign = await self._do.campaigns.create(
            request.fields.client_id, read_campaign_fields(request.fields), request.scope_client_id, request.request_id
        )
        return pb.CreateCampaignResponse(campaign=campaign_message(campaign))

    async def GetCampaign(self, request: pb.GetCampaignRequest, context: Context) -> pb.GetCampaignResponse:
        campaign = await self._do.queries.campaign(request.campaign_id, request.scope_client_id)
        return pb.GetCampaignResponse(campaign=campaign_message(campaign))

    async def ListCampaigns(self, request: pb.ListCampaignsRequest, context: Context) -> pb.ListCampaignsResponse:
        page = await self._do.queries.campaigns(
            client_id=request.client_id,
            status=read_campaign_status(request.status),
            query=request.query,
            page=read_page(request.page),
            scope=request.scope_client_id,
        )
        campaigns, info = page_messages(page, campaign_message)
        return pb.ListCampaignsResponse(campaigns=campaigns, page=info)

    async def ReplaceCampaign(self, request: pb.ReplaceCampaignRequest, context: Context) -> pb.ReplaceCampaignResponse:
        campaign = await self._do.campaigns.replace(
            request.campaign_id,
            request.fields.client_id,
            read_campaign_fields(request.fields),
            request.scope_client_id,
        )
        return pb.ReplaceCampaignResponse(campaign=campaign_message(campaign))

    async def DeleteCampaign(self, request: pb.DeleteCampaignRequest, context: Context) -> pb.DeleteCampaignResponse:
        deleted = await self._do.campaigns.delete(
            DeleteCampaign(request.campaign_id, request.force, request.scope_client_id)
        )
        return pb.DeleteCampaignResponse(campaign_id=str(deleted))

    async def GetCampaignStats(
        self, request: pb.GetCampaignStatsRequest, context: Context
    ) -> pb.GetCampaignStatsResponse:
        stats = await self._do.queries.campaign_stats(request.campaign_id, request.scope_client_id)
        return pb.GetCampaignStatsResponse(stats=stats_message(stats))

    async def CreateJob(self, request: pb.CreateJobRequest, context: Context) -> pb.CreateJobResponse:
        job_id = await self._do.create_job.run(
            CreateJob(
                read_input(request.input), request.adopt_unknown_client, request.scope_client_id, request.request_id
            )
        )
        return pb.CreateJobResponse(job=job_message(await self._do.queries.job(str(job_id), "")))

    async def GetJob(self, request: pb.GetJobRequest, context: Context) -> pb.GetJobResponse:
        return pb.GetJobResponse(job=job_message(await self._do.queries.job(request.job_id, request.scope_client_id)))

    async def RequestPreview(self, request: pb.RequestPreviewRequest, context: Context) -> pb.RequestPreviewResponse:
        await self._do.preview.request(request.job_id, request.scope_client_id)
        return pb.RequestPreviewResponse(job_id=request.job_id)

    async def ListJobs(self, request: pb.ListJobsRequest, context: Context) -> pb.ListJobsResponse:
        page = await self._do.queries.jobs(
            client_id=request.client_id,
            campaign_id=request.campaign_id,
            status=read_status(request.status),
            page=read_page(request.page),
            scope=request.scope_client_id,
        )
        jobs, info = page_messages(page, job_message)
        return pb.ListJobsResponse(jobs=jobs, page=info)

    async def ApplyAction(self, request: pb.ApplyActionRequest, context: Context) -> pb.ApplyActionResponse:
        job_id = await self._do.apply_action.run(read_action(request))
        return pb.ApplyActionResponse(job=job_message(await self._do.queries.job(str(job_id), "")))

    async def WatchJob(self, request: pb.WatchJobRequest, context: Context) -> AsyncIterator[pb.WatchJobResponse]:
        async for change in self._do.watch_job.run(request.job_id, request.after_version, request.scope_client_id):
            yield change_message(request.job_id, change)
