using System.Data.Common;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Freshet.Coherence;
using Microsoft.Extensions.Logging;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>
/// Commands that a load runs on a provider's own connection: nobody analyses them, so the load is not stored. Providers tell
/// whoever listens when a command begins; Microsoft.Data.Sqlite tells nobody. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Analysed commands are announced before they run and withdrawn when they have begun or failed. What begins in a load and was
/// not announced there was not analysed.
/// </remarks>
internal sealed partial class UnseenCommands : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private static readonly ConditionalWeakTable<LoadScope, Dictionary<string, Expected>> Announced = [];

    private readonly TagClocks _clocks;
    private readonly ILogger<UnseenCommands> _log;
    private readonly ActivityListener _activities;
    private readonly List<IDisposable> _subscriptions = [];
    private int _said;

    public UnseenCommands(TagClocks clocks, ILogger<UnseenCommands> log)
    {
        (_clocks, _log) = (clocks, log);
        // To be asked is enough: no activity is made because of this.
        _activities = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is "Npgsql" or "MySqlConnector",
            Sample = (ref ActivityCreationOptions<ActivityContext> activity) => Begins(activity.Source.Name, activity.Name),
            SampleUsingParentId = (ref ActivityCreationOptions<string> activity) => Begins(activity.Source.Name, activity.Name),
        };
        ActivitySource.AddActivityListener(_activities);
        _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    /// <summary>A command that was analysed is about to run in the load that is running here.</summary>
    public static void Announce(DbConnection? connection)
    {
        if (LoadScope.Current is { } load && connection?.GetType().Namespace is { } provider)
            Count(load, provider, static e => e with { Waiting = e.Waiting + 1, Running = e.Running + 1 });
    }

    /// <summary>A command that was announced has begun, or never will.</summary>
    public static void Withdraw(DbConnection? connection)
    {
        if (LoadScope.Current is { } load && connection?.GetType().Namespace is { } provider)
            Count(load, provider, static e => e with { Waiting = Math.Min(e.Waiting, e.Running - 1), Running = e.Running - 1 });
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name is "SqlClientDiagnosticListener")
        {
            lock (_subscriptions)
                _subscriptions.Add(value.Subscribe(this, (name, _, _) => LoadScope.Current is not null && ProviderOf(name) is not null));
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (ProviderOf(value.Key) is { } provider)
            Begins(provider);
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        _activities.Dispose();
        lock (_subscriptions)
        {
            foreach (var subscription in _subscriptions)
                subscription.Dispose();
        }
    }

    private static string? ProviderOf(string name) => name switch
    {
        "Microsoft.Data.SqlClient.WriteCommandBefore" => "Microsoft.Data.SqlClient",
        "System.Data.SqlClient.WriteCommandBefore" => "System.Data.SqlClient",
        _ => null,
    };

    private static Expected Count(LoadScope load, string provider, Func<Expected, Expected> change)
    {
        var counts = Announced.GetValue(load, static _ => new(StringComparer.Ordinal));
        lock (counts)
        {
            var before = counts.GetValueOrDefault(provider);
            counts[provider] = change(before);
            return before;
        }
    }

    private ActivitySamplingResult Begins(string provider, string name)
    {
        // The opening of a connection reads nothing of the database's.
        if (LoadScope.Current is not null && !(provider is "MySqlConnector" ? name is "Open" : name.StartsWith("CONNECT ", StringComparison.Ordinal)))
            Begins(provider);
        return ActivitySamplingResult.None;
    }

    private void Begins(string provider)
    {
        // Several applications may run in this process, each with its own loads.
        if (LoadScope.Current is not { } load || !load.IsOf(_clocks))
            return;
        if (Count(load, provider, static e => e with { Waiting = Math.Max(0, e.Waiting - 1) }).Waiting > 0)
            return;
        if (load.ReadUnseen($"a command of {provider} runs on a connection that Freshet does not see") && Interlocked.Exchange(ref _said, 1) == 0)
            LogUnseen(_log, load.Key, provider);
    }

    [LoggerMessage(24, LogLevel.Warning, "The load of {Key} is not stored: it runs a command on a connection of {Provider} that Freshet does not see. Take the connection from db.Database.GetFreshetConnection(), or the data source from AddFreshetDataSource. Further loads of this kind are not named.")]
    private static partial void LogUnseen(ILogger logger, string key, string provider);

    /// <param name="Running">The commands that were announced and not withdrawn.</param>
    /// <param name="Waiting">Those of them of which the provider has not told yet.</param>
    private readonly record struct Expected(int Running, int Waiting);
}
