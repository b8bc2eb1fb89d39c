"""Actions and facts in any order, true and stale ones: a job keeps its promises whatever comes."""

from uuid import UUID, uuid4

from adreel_jobs.domain.errors import ActionNotAllowed
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_input import AdBasics, Direction, JobContext, JobInput, VideoSpec
from adreel_jobs.domain.job_parts import AssetOrigin, AssetStatus, ChangeKind, ErrorInfo, JobAsset, Order
from adreel_jobs.domain.status import ENDED, JobStatus, Step
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

FACTS = {"type": "image", "format": "jpeg", "name": "photo", "sha256": "ab", "size_bytes": 1}
BROKEN = ErrorInfo("PROVIDER_ERROR", "It broke.")
SCENES = tuple({"scene_number": number} for number in (1, 2, 3))
# Which of the ids ever given out a message carries: the newest, or one of the past.
AGE = st.integers(min_value=0, max_value=2)


class JobMachine(RuleBasedStateMachine):
    """Drives one job; what scenes knows of the storyboard is kept beside it."""

    @initialize(assets=st.integers(min_value=0, max_value=3))
    def start(self, assets: int) -> None:
        self.requests: list[UUID] = [uuid4()]
        self.renders: list[UUID] = [uuid4()]
        self.version = 0
        self.locked_version = 0
        self.highest_percent: dict[UUID, float] = {}
        self.job = Job.new(
            job_id=uuid4(),
            client_id=uuid4(),
            campaign_id=None,
            job_input=JobInput(
                JobContext("c"), AdBasics("a", "b", "c", "d"), Direction("s"), video=VideoSpec(backend="local")
            ),
            assets=[JobAsset(uuid4(), AssetOrigin.BRIEF) for _ in range(assets)],
            request_id=self.requests[0],
        )

    def request(self, age: int) -> UUID:
        return self.requests[max(len(self.requests) - 1 - age, 0)]

    def render(self, age: int) -> UUID:
        return self.renders[max(len(self.renders) - 1 - age, 0)]

    def new_request(self) -> UUID:
        self.requests.append(uuid4())
        return self.requests[-1]

    def new_render(self) -> UUID:
        self.renders.append(uuid4())
        return self.renders[-1]

    @rule(index=st.integers(0, 3), is_ready=st.booleans())
    def asset(self, index: int, is_ready: bool) -> None:
        if index < len(self.job.assets):
            asset_id = self.job.assets[index].asset_id
            self.job.asset_settled(asset_id, facts=FACTS if is_ready else None, error=None if is_ready else BROKEN)

    @rule(age=AGE)
    def storyboard_written(self, age: int) -> None:
        if self.job.status is not JobStatus.PENDING or self.job.writing is not None:
            self.version += 1
            self.job.storyboard_ready(
                self.request(age), version=self.version, generator="template", scene_count=3, duration_seconds=30
            )

    @rule(age=AGE)
    def storyboard_failed(self, age: int) -> None:
        self.job.storyboard_failed(self.request(age), BROKEN)

    @rule(back=st.integers(0, 3))
    def edited(self, back: int) -> None:
        if self.version:
            self.version += 1
            self.job.scene_updated(
                1,
                storyboard_version=max(self.version - back, 1),
                duration_seconds=30,
                scene_count=3,
                warnings=(),
            )

    @rule(back=st.integers(0, 3))
    def locked(self, back: int) -> None:
        self.job.storyboard_locked(max(self.locked_version - back, 0), SCENES, self.new_render())

    @rule(age=AGE, number=st.integers(1, 3))
    def clip(self, age: int, number: int) -> None:
        self.job.clip_ready(self.render(age), number)

    @rule(age=AGE, sequence=st.integers(0, 20), percent=st.floats(0, 100), done=st.integers(0, 3))
    def progressed(self, age: int, sequence: int, percent: float, done: int) -> None:
        self.job.render_progressed(
            self.render(age),
            sequence,
            percent=percent,
            phase="rendering_scenes",
            scenes_done=done,
            scenes_total=3,
            eta_seconds=None,
        )

    @rule(age=AGE, is_good=st.booleans())
    def render_ended(self, age: int, is_good: bool) -> None:
        if is_good:
            self.job.render_completed(self.render(age), duration_seconds=30)
        else:
            self.job.render_failed(self.render(age), BROKEN)

    @rule(step=st.sampled_from(list(Step)))
    def given_up(self, step: Step) -> None:
        self.job.give_up(step, BROKEN, "stalled")

    @rule(what=st.sampled_from(["approve", "scene", "all", "reject", "reopen", "retry", "cancel"]))
    def acted(self, what: str) -> None:
        before = (self.job.status, self.job.version)
        is_refused = False
        try:
            self.act(what)
        except ActionNotAllowed:
            is_refused = True
        if is_refused:
            assert (self.job.status, self.job.version) == before
        else:
            assert self.job.version > before[1]

    def act(self, what: str) -> None:
        job = self.job
        match what:
            case "approve":
                job.approve(max(self.version, job.storyboard.version))
                self.locked_version = job.storyboard.version
            case "scene":
                job.regenerate_scene(self.new_request(), 1, None, None)
            case "all":
                job.regenerate_all_scenes(self.new_request(), "Again")
            case "reject":
                job.reject_storyboard(self.new_request(), "No")
            case "reopen":
                job.reopen(job.storyboard.version + 1)
                self.version = job.storyboard.version
            case "retry":
                job.retry(self.new_request(), self.new_render(), accept_possible_duplicate=False)
            case "cancel":
                job.cancel(None)

    @invariant()
    def every_change_is_one_version(self) -> None:
        assert [change.version for change in self.job.changes] == list(range(1, self.job.version + 1))

    @invariant()
    def nobody_is_waited_for_in_vain(self) -> None:
        """A job has ended, waits for a person, or for a step that the watchdog knows of and that was ordered."""
        job = self.job
        if job.status in ENDED or (job.status is JobStatus.STORYBOARD_REVIEW and job.writing is None):
            assert job.current_step is None
            assert job.phase is None
            return
        orders = {Step.INGEST: Order.INGEST, Step.WRITE: Order.WRITE, Step.RENDER: Order.RENDER}
        assert job.current_step is not None
        if job.current_step in orders:
            assert orders[job.current_step] in job.orders
        if job.current_step is Step.INGEST:
            assert any(asset.status is AssetStatus.PENDING for asset in job.assets)

    @invariant()
    def ends_are_told(self) -> None:
        last = self.job.changes[-1]
        assert (last.kind is ChangeKind.END) == (self.job.status in ENDED)
        assert last.status is self.job.status

    @invariant()
    def progress_only_grows_within_a_render(self) -> None:
        job = self.job
        if job.status is JobStatus.RENDERING and job.render is not None:
            before = self.highest_percent.get(job.render.render_id, 0.0)
            assert job.progress.percent >= before
            self.highest_percent[job.render.render_id] = job.progress.percent

    @invariant()
    def status_has_what_it_stands_for(self) -> None:
        job = self.job
        assert job.status is not JobStatus.COMPLETED or job.has_video
        assert job.status is not JobStatus.FAILED or (job.error is not None and job.failed_step is not None)
        assert job.status is not JobStatus.STORYBOARD_REVIEW or job.storyboard.version > 0
        assert job.status is not JobStatus.RENDERING or (job.render is not None and job.locked_scenes)
        assert job.status is not JobStatus.PENDING or job.phase is not None


TestJobMachine = JobMachine.TestCase
TestJobMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
