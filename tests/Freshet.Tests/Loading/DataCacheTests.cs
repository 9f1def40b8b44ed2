using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Tests.Loading;

public sealed class DataCacheTests : IDisposable
{
    private readonly EngineFixture _fixture = new();
    private int _loads;

    private HybridCache Cache => _fixture.Cache;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task SecondRead_IsAHit()
    {
        Assert.Equal("v1", await ReadAsync("k"));
        Assert.Equal("v1", await ReadAsync("k"));
    }

    [Fact]
    public async Task ExpirationIsForEver_SecondReadIsAHit()
    {
        var options = new HybridCacheEntryOptions { Expiration = TimeSpan.MaxValue, LocalCacheExpiration = TimeSpan.MaxValue };
        for (var i = 0; i < 2; i++)
            Assert.Equal("v1", await Cache.GetOrCreateAsync("k", _ => new ValueTask<string>($"v{++_loads}"), options));
    }

    [Fact]
    public async Task RemoveDuringLoad_StaleValueIsNotStored()
    {
        var gate = new TaskCompletionSource<string>();
        var slow = Cache.GetOrCreateAsync("k", _ => new ValueTask<string>(gate.Task)).AsTask();
        await Cache.RemoveAsync("k");
        gate.SetResult("old");
        await slow;

        Assert.Equal("v1", await ReadAsync("k"));
    }

    [Fact]
    public async Task RemoveByTag_DropsWhatDependsOnItAndNothingElse()
    {
        await ReadAsync("a", "import/1");
        await ReadAsync("b", "import/2");
        await Cache.RemoveByTagAsync("import/1");

        Assert.Equal("v3", await ReadAsync("a", "import/1"));
        Assert.Equal("v2", await ReadAsync("b", "import/2"));
    }

    [Fact]
    public async Task RemoveByTag_ParentDropsChildren()
    {
        await ReadAsync("a", "import/1");
        await Cache.RemoveByTagAsync("import");

        Assert.Equal("v2", await ReadAsync("a", "import/1"));
    }

    [Fact]
    public async Task SubtreeAsTag_DependsOnAllUnderIt()
    {
        await ReadAsync("list", "import/**");
        await Cache.RemoveByTagAsync("import/42");

        Assert.Equal("v2", await ReadAsync("list", "import/**"));
    }

    [Fact]
    public async Task PublicValue_RemovedInATenant_IsDropped()
    {
        using (_fixture.Tenants.Enter(Tenant.Public))
            await ReadAsync("k");
        await Cache.RemoveAsync("k");

        using (_fixture.Tenants.Enter(Tenant.Public))
            Assert.Equal("v2", await ReadAsync("k"));
    }

    [Fact]
    public async Task KeyThatNothingPublicWasMadeUnder_LeavesThePublicLogAlone()
    {
        var before = _fixture.Engine.Applied(Tenant.Public);
        await Cache.SetAsync("k", "set");
        await Cache.RemoveAsync("k");

        Assert.Equal(before, _fixture.Engine.Applied(Tenant.Public));
    }

    [Fact]
    public async Task PublicLoadOfTheKeyIsRunning_WhatIsSetInATenantTouchesIt()
    {
        var (started, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        Task<string> loading;
        using (_fixture.Tenants.Enter(Tenant.Public))
        {
            loading = Cache.GetOrCreateAsync("k", async _ =>
            {
                started.SetResult();
                await go.Task;
                return "old";
            }).AsTask();
        }

        await started.Task;
        await Cache.RemoveAsync("k");
        go.SetResult();
        await loading;
        using (_fixture.Tenants.Enter(Tenant.Public))
            Assert.Equal("v1", await ReadAsync("k"));
    }

    [Fact]
    public async Task CallerWithoutLocalCache_LeavesTheEntryOfTheOthers()
    {
        await ReadAsync("k");
        await _fixture.TouchAsync("other/1");
        await Cache.GetOrCreateAsync("k", _ => Next(), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCache });

        Assert.Equal("v1", await ReadAsync("k"));
    }

    [Fact]
    public async Task RemoveByStar_DropsEverythingOfTheTenant()
    {
        await ReadAsync("a");
        await Cache.RemoveByTagAsync("*");

        Assert.Equal("v2", await ReadAsync("a"));
    }

    [Fact]
    public async Task Set_ReplacesTheValue()
    {
        await ReadAsync("k");
        await Cache.SetAsync("k", "set");

        Assert.Equal("set", await ReadAsync("k"));
    }

    [Fact]
    public async Task Set_DuringLoad_LoadDoesNotReplaceIt()
    {
        var gate = new TaskCompletionSource<string>();
        var slow = Cache.GetOrCreateAsync("k", _ => new ValueTask<string>(gate.Task)).AsTask();
        await Cache.SetAsync("k", "set");
        gate.SetResult("old");
        await slow;

        Assert.Equal("set", await ReadAsync("k"));
    }

    [Fact]
    public async Task MutableValue_EachCallerGetsItsOwn()
    {
        var first = await Cache.GetOrCreateAsync("k", _ => new ValueTask<List<int>>([1]));
        var second = await Cache.GetOrCreateAsync("k", _ => new ValueTask<List<int>>([2]));
        second.Add(9);
        var third = await Cache.GetOrCreateAsync("k", _ => new ValueTask<List<int>>([3]));

        Assert.Equal([1], first);
        Assert.Equal([1], third);
    }

    [Fact]
    public async Task Null_IsAValue()
    {
        Assert.Null(await Cache.GetOrCreateAsync<string?>("k", _ => new ValueTask<string?>((string?)null)));
        Assert.Null(await Cache.GetOrCreateAsync<string?>("k", _ => new ValueTask<string?>("second load")));
    }

    [Fact]
    public async Task SameKeyUnderTwoTypes_IsTwoEntries()
    {
        Assert.Equal("v1", await ReadAsync("k"));
        Assert.Equal(7, await Cache.GetOrCreateAsync("k", _ => new ValueTask<int>(7)));
    }

    [Fact]
    public async Task LifetimePassed_LoadsAgain()
    {
        await ReadAsync("k");
        _fixture.Time.Advance(TimeSpan.FromMinutes(6));

        Assert.Equal("v2", await ReadAsync("k"));
    }

    [Fact]
    public async Task TwoTenants_DoNotShareAKey()
    {
        using (_fixture.Tenants.Enter("t1"))
            Assert.Equal("v1", await ReadAsync("k"));
        using (_fixture.Tenants.Enter("t2"))
            Assert.Equal("v2", await ReadAsync("k"));
        using (_fixture.Tenants.Enter("t1"))
            Assert.Equal("v1", await ReadAsync("k"));
    }

    [Fact]
    public async Task DisableUnderlyingData_ReturnsDefaultInsteadOfLoading()
    {
        var options = new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableUnderlyingData };

        Assert.Null(await Cache.GetOrCreateAsync("k", _ => new ValueTask<string?>("loaded"), options));
    }

    [Fact]
    public async Task DisableLocalCacheWrite_LoadsEachTime()
    {
        var options = new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCacheWrite };

        Assert.Equal("v1", await Cache.GetOrCreateAsync("k", _ => Next(), options));
        Assert.Equal("v2", await Cache.GetOrCreateAsync("k", _ => Next(), options));
    }

    [Fact]
    public async Task AnyTextIsAKey_AndNoTwoAreOne()
    {
        string[] keys = ["", "a\uD800b", "a\uDC00b", new('k', 5000), new('k', 5001), new string('k', 4999) + "j", Freshet.Keys.KeyPart.Hash(new string('k', 5000))];
        foreach (var key in keys)
        {
            var value = await ReadAsync(key);
            Assert.Equal(value, await ReadAsync(key));
        }

        var all = new List<string>();
        foreach (var key in keys)
            all.Add(await ReadAsync(key));
        Assert.Equal(keys.Length, all.Distinct(StringComparer.Ordinal).Count());

        foreach (var key in keys)
        {
            var before = await ReadAsync(key);
            await Cache.RemoveAsync(key);
            Assert.NotEqual(before, await ReadAsync(key), StringComparer.Ordinal);
        }
    }

    [Fact]
    public async Task AnyTextIsATag()
    {
        foreach (var tag in new[] { "", "a\uD800b", new string('t', 5000), "50%", "a*b", "a/*", "**", "a/**", "a%2Fb/**", "/**", "//**", "**/**", "a/*/**", " ", "\0", "a,\"b\"\r\n", "..", "@x/@y", "\u202Ex", "e\u0301", string.Join('/', Enumerable.Repeat("deep", 40)) })
        {
            var before = await Cache.GetOrCreateAsync("k", _ => Next(), tags: [tag]);
            Assert.Equal(before, await Cache.GetOrCreateAsync("k", _ => Next(), tags: [tag]));
            await Cache.RemoveByTagAsync(tag);
            Assert.NotEqual(before, await Cache.GetOrCreateAsync("k", _ => Next(), tags: [tag]), StringComparer.Ordinal);
            await Cache.RemoveAsync("k");
        }
    }

    [Fact]
    public async Task LongKey_CanBeRemoved()
    {
        var key = new string('k', 3000);
        await ReadAsync(key);
        await Cache.RemoveAsync(key);

        Assert.Equal("v2", await ReadAsync(key));
    }

    [Fact]
    public async Task CallerCancels_LeavesAtOnceAndOthersAreServed()
    {
        var gate = new TaskCompletionSource<string>();
        using var leaving = new CancellationTokenSource();
        var leader = Cache.GetOrCreateAsync("k", _ => new ValueTask<string>(gate.Task), cancellationToken: leaving.Token).AsTask();
        var follower = Cache.GetOrCreateAsync("k", _ => Next()).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader);
        gate.SetResult("shared");

        Assert.Equal("shared", await follower);
    }

    [Fact]
    public async Task SwitchedOff_LoadsEachTime()
    {
        using var fixture = new EngineFixture(o => o.Enabled = false);

        Assert.Equal("v1", await fixture.Cache.GetOrCreateAsync("k", _ => Next()));
        Assert.Equal("v2", await fixture.Cache.GetOrCreateAsync("k", _ => Next()));
    }

    [Fact]
    public void TenantsDeclaredAndNoneEntered_Throws()
    {
        _fixture.Tenants.IsRequired = true;

        Assert.Contains("tenants.Enter", Assert.Throws<InvalidOperationException>(() => _fixture.Tenants.Current).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SettingOutOfRange_NamesTheKeyAndTheFix()
    {
        var error = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(
            () => new EngineFixture(o => o.MaxStaleness = TimeSpan.Zero).Cache);

        Assert.Contains("Freshet:MaxStaleness", error.Message, StringComparison.Ordinal);
    }

    private ValueTask<string> ReadAsync(string key, params string[] tags) => Cache.GetOrCreateAsync(key, _ => Next(), tags: tags);

    private ValueTask<string> Next() => new($"v{Interlocked.Increment(ref _loads)}");
}
