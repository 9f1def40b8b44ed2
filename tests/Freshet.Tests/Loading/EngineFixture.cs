using Freshet.Coherence;
using Freshet.Loading;
using Freshet.Memory;
using Freshet.Storage;
using Freshet.Tests.Shared;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Tests.Loading;

/// <summary>The engine as an application gets it, on a clock that the test turns.</summary>
public sealed class EngineFixture : IDisposable
{
    private readonly ServiceProvider _services;

    public EngineFixture(Action<FreshetOptions>? configure = null, bool isShared = false)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Time);
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        if (isShared)
            services.AddSingleton<IInvalidationStore>(p => new SwitchedLogs(p.GetRequiredService<TagClocks>()));
        services.AddFreshetCore(configure);
        _services = services.BuildServiceProvider();
    }

    public FakeTimeProvider Time { get; } = new();

    public HybridCache Cache => _services.GetRequiredService<HybridCache>();

    public TenantContext Tenants => _services.GetRequiredService<TenantContext>();

    internal CacheEngine Engine => _services.GetRequiredService<CacheEngine>();

    internal TagClocks Clocks => _services.GetRequiredService<TagClocks>();

    internal SwitchedLogs Logs => (SwitchedLogs)_services.GetRequiredService<IInvalidationStore>();

    internal Loader Loader => _services.GetRequiredService<Loader>();

    public void Dispose()
    {
        var memory = _services.GetRequiredService<MemoryStore>();
        memory.Validate();
        Assert.Equal(0, Loader.KeysLoading);
        _services.Dispose();
    }

    public ValueTask<Position> TouchAsync(string tag) => new(InvalidateAsync(tag));

    internal LoadRequest Request(Func<LoadScope, CancellationToken, ValueTask<Loaded>> load, Arrival? arrival = null) =>
        new(Tenant.Default, arrival ?? Engine.Arrive(), CacheReason.Absent, load);

    internal static Loaded Value(string value) => new(value, value.Length, TimeSpan.FromMinutes(1));

    private async Task<Position> InvalidateAsync(string tag) => (await Engine.InvalidateAsync(Tenant.Default, [Tag.Parse(tag)]))!.Value;
}

/// <summary>A load that a test holds at its gate.</summary>
internal sealed class GatedLoad
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Loaded> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Started => _started.Task;

    public CancellationToken Token { get; private set; }

    public LoadScope Scope { get; private set; } = null!;

    public async ValueTask<Loaded> RunAsync(LoadScope scope, CancellationToken cancel)
    {
        Scope = scope;
        Token = cancel;
        scope.DependsOn(Tag.Parse("import/42"));
        _started.SetResult();
        return await _result.Task.WaitAsync(cancel);
    }

    public void End(string value) => _result.SetResult(EngineFixture.Value(value));

    public void Fail(Exception error) => _result.SetException(error);
}
