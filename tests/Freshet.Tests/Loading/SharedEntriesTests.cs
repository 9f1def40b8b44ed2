using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Loading;
using Freshet.Memory;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Tests.Loading;

/// <summary>What a load asks of the store that nodes share, on a clock that the test turns.</summary>
public sealed class SharedEntriesTests : IDisposable
{
    private const string Key = "k";
    private readonly FakeTimeProvider _time = new();
    private readonly TagClocks _clocks = new(64);
    private readonly FakeEntryStore _shared = new();
    private readonly SharingStore _store;
    private readonly MemoryStore _memory;
    private readonly OriginGate _gate;
    private readonly CacheMetrics _metrics = new();
    private readonly CacheEngine _engine;
    private readonly DataForm<string> _form;
    private int _loads;

    public SharedEntriesTests()
    {
        _store = new SharingStore(_clocks, _shared);
        _memory = new MemoryStore(new MemoryOptions(), _time, static entry => !entry.Clocks.Untouched(entry.Fence));
        _gate = new OriginGate(8, TimeSpan.FromSeconds(1), _time);
        var settings = new LoaderSettings(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
        _engine = new CacheEngine(_clocks, _memory, _store, new Loader(_clocks, _memory, _store, _gate, settings, _time, _metrics), _time, _metrics);
        _form = new DataForm<string>(null!, null!, isKept: true, "");
    }

    public void Dispose()
    {
        _memory.Dispose();
        _gate.Dispose();
        _metrics.Dispose();
    }

    private CacheEntry Entry(string value, long fence)
    {
        var clocks = new EntryClocks.Collector();
        _clocks.AddClocks(Tenant.Default, Tag.Of("import"), clocks);
        return new CacheEntry
        {
            Key = Key,
            Value = value,
            Bytes = 10,
            Fence = fence,
            Ticket = 1,
            Clocks = clocks.ToClocks(),
            Dependencies = EntryDependencies.Of([new(Tenant.Default, Tag.Of("import"))]),
            Tenant = Tenant.Default,
            CreatedAt = _time.GetTimestamp(),
            ExpiresAt = _time.GetTimestamp() + TimeSpan.FromMinutes(1).Ticks,
        };
    }

    private LoadRequest Request(Arrival? arrival = null, TierSkips skips = TierSkips.None, CacheReason why = CacheReason.Absent) => new(
        Tenant.Default, arrival ?? _engine.Arrive(), why, (scope, _) =>
        {
            scope.DependsOn(Tag.Of("import"));
            return new(EngineFixture.Value($"loaded {++_loads}"));
        }, _form, skips);

    private async Task<LoadOutcome> LoadAsync(LoadRequest? request = null) =>
        await _engine.LoadAsync(Key, request ?? Request(), TestContext.Current.CancellationToken);

    // Turns the clock until the load goes on, and says for how long it stood.
    private async Task<TimeSpan> UntilAsync(Task load, Action? each = null)
    {
        // Away from the context of the test: whoever waits for the clock goes on inside of Advance.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var began = _time.GetTimestamp();
        while (!load.IsCompleted)
        {
            each?.Invoke();
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        await load;
        return _time.GetElapsedTime(began);
    }

    [Fact]
    public async Task StoredByAnotherNode_IsTaken_AndKeptInMemory()
    {
        _shared.Stored = Entry("stored", _engine.Arrive().Tick);
        var outcome = await LoadAsync();
        Assert.Equal(("stored", CacheReason.FreshInStore, CacheReason.None, 0), (outcome.Value, outcome.Reason, outcome.NotStored, _loads));
        Assert.Equal(CacheReason.Fresh, _engine.Look(Key, _engine.Arrive(), out _));
        Assert.Equal("read, release", string.Join(", ", _shared.Log)); // of a right that it never had
    }

    [Fact]
    public async Task C4_StoredAndTouchedSince_IsLoaded_AndStored()
    {
        _shared.Stored = Entry("stored", _engine.Arrive().Tick);
        await _engine.InvalidateAsync(Tenant.Default, [Tag.Of("import")]);
        Assert.Equal("loaded 1", (await LoadAsync()).Value);
        Assert.Equal("read, lease, store loaded 1", string.Join(", ", _shared.Log));
    }

    [Fact]
    public async Task C10_WhoMustLoad_AsksForNothing_AndStores()
    {
        _shared.Stored = Entry("stored", _engine.Arrive().Tick);
        Assert.Equal("loaded 1", (await LoadAsync(Request(Arrival.ThatMustLoad(_clocks)))).Value);
        Assert.Equal("store loaded 1", string.Join(", ", _shared.Log));
    }

    [Fact]
    public async Task C6_OutOfContact_NothingIsAsked_NorStored()
    {
        _shared.Stored = Entry("stored", _engine.Arrive().Tick);
        _store.HasContact = false;
        Assert.Equal(("loaded 1", CacheReason.NoContact), ((await LoadAsync()) is var o ? (string)o.Value! : "", o.NotStored));
        Assert.Empty(_shared.Log);
    }

    [Fact]
    public async Task C3_TakenInsideALoad_ItsDependenciesJoin()
    {
        _shared.Stored = Entry("stored", _engine.Arrive().Tick);
        await _engine.LoadAsync(
            "outer",
            new(Tenant.Default, _engine.Arrive(), CacheReason.Absent, async (_, _) => EngineFixture.Value((string)(await LoadAsync()).Value!)),
            TestContext.Current.CancellationToken);
        Assert.Equal(CacheReason.Fresh, _engine.Look("outer", _engine.Arrive(), out _));
        await _engine.InvalidateAsync(Tenant.Default, [Tag.Of("import")]);
        Assert.Equal(CacheReason.Touched, _engine.Look("outer", _engine.Arrive(), out _));
    }

    [Fact]
    public async Task AnotherNodeLoads_ItsValueIsWaitedFor_WithGrowingPauses()
    {
        _shared.IsHeld = true;
        var load = LoadAsync();
        var took = await UntilAsync(load, () =>
        {
            if (_shared.Log.Count(a => a == "poll") == 10)
                (_shared.Stored, _shared.IsHeld) = (Entry("theirs", _engine.Arrive().Tick), false);
        });
        Assert.Equal(("theirs", CacheReason.FreshInStore, 0), ((await load).Value, (await load).Reason, _loads));
        // 2 + 3 + 4.5 + 6.75 + 10.1 + 15.2 + 22.8 + 25 + 25 + 25 and one more of 25
        Assert.InRange(took, TimeSpan.FromMilliseconds(139), TimeSpan.FromMilliseconds(190));
    }

    [Fact]
    public async Task AnotherNodesRightIsGoneWithoutAValue_ItIsAskedForAgain()
    {
        _shared.IsHeld = true;
        var load = LoadAsync();
        await UntilAsync(load, () => _shared.IsHeld = _shared.Log.All(a => a != "poll"));
        Assert.Equal(("loaded 1", 1), ((await load).Value, _loads));
        Assert.Equal("lease, store loaded 1", string.Join(", ", _shared.Log[^2..]));
    }

    [Fact]
    public async Task AnotherNodeBringsNothing_ItIsWaitedForAsLongAsItsRightLasts_AndNoLonger()
    {
        (_shared.IsHeld, _shared.HeldFor) = (true, TimeSpan.FromMilliseconds(500));
        var load = LoadAsync();
        var took = await UntilAsync(load);
        Assert.Equal("loaded 1", (await load).Value);
        Assert.InRange(took, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(560));
    }

    [Theory]
    [InlineData(true, "read, lease, store loaded 2")]
    [InlineData(false, "read, lease, poll")]
    public async Task C5_HolderBeganBeforeATouchOfWhatTheKeyWasMadeFrom_NobodyWaitsForIt(bool beganBefore, string asked)
    {
        await LoadAsync();
        var before = _engine.Arrive().Tick;
        await _engine.InvalidateAsync(Tenant.Default, [Tag.Of("import")]);
        _shared.Asked.Clear();
        (_shared.IsHeld, _shared.HolderFence) = (true, beganBefore ? before : _engine.Arrive().Tick);
        var load = LoadAsync();
        await UntilAsync(load);
        Assert.Equal("loaded 2", (await load).Value);
        Assert.StartsWith(asked, string.Join(", ", _shared.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task C5_ValueThatCameWhileWaiting_IsJudgedLikeAnyOther()
    {
        (_shared.IsHeld, _shared.HeldFor) = (true, TimeSpan.FromMilliseconds(100));
        var fence = _engine.Arrive().Tick;
        await _engine.InvalidateAsync(Tenant.Default, [Tag.Of("import")]);
        var load = LoadAsync();
        await UntilAsync(load, () => _shared.Stored = Entry("from before", fence));
        Assert.Equal("loaded 1", (await load).Value);
    }

    [Fact]
    public async Task LoadThatFailsOrIsRefused_GivesTheRightBack()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => LoadAsync(Request() with { Load = (_, _) => throw new InvalidDataException() }));
        Assert.Equal("read, lease, release", string.Join(", ", _shared.Log));
        _shared.Asked.Clear();
        await LoadAsync(Request() with
        {
            Load = (scope, _) =>
            {
                scope.DoNotStore(CacheReason.UnknownSource);
                return new(EngineFixture.Value("refused"));
            },
        });
        Assert.Equal("read, lease, release, release", string.Join(", ", _shared.Log));

        // Hit-for-pass is this node's own: nobody is asked, and nobody waits.
        _shared.Asked.Clear();
        Assert.Equal(CacheReason.HitForPass, _engine.Look(Key, _engine.Arrive(), out _));
        await LoadAsync(Request(why: CacheReason.HitForPass));
        Assert.Equal("store loaded 1", string.Join(", ", _shared.Log));
    }

    [Fact]
    public async Task LoadThatIsRefusedWhileItRuns_GivesTheRightBackAtOnce()
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var load = LoadAsync(Request() with
        {
            Load = async (scope, _) =>
            {
                scope.DoNotStore(CacheReason.Streamed);
                await end.Task;
                return EngineFixture.Value("streamed");
            },
        });
        Assert.Equal("read, lease, release", string.Join(", ", _shared.Log)); // the others need not wait until a stream ends
        end.SetResult();
        await load;
        Assert.Equal("read, lease, release, release", string.Join(", ", _shared.Log)); // of what it no longer has
    }

    [Theory]
    [InlineData((int)TierSkips.SharedRead, "store loaded 1")]
    [InlineData((int)TierSkips.SharedWrite, "read")]
    [InlineData((int)(TierSkips.SharedRead | TierSkips.SharedWrite), "")]
    public async Task TiersThatAreSkipped_AreLeftAlone(int skips, string asked)
    {
        await LoadAsync(Request(skips: (TierSkips)skips));
        Assert.Equal(asked, string.Join(", ", _shared.Log).Replace(", release", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithoutACodec_NothingIsAsked()
    {
        await LoadAsync(Request() with { Codec = null });
        Assert.Empty(_shared.Log);
    }
}
