using System.Collections.Concurrent;
using System.Diagnostics;
using Freshet.Coherence;
using Freshet.EntityFrameworkCore.Registration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.Logging;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>
/// Contexts that run without Freshet's interceptors, such as one that somebody makes by <c>new</c>: Entity Framework tells of their
/// commands to whoever subscribes. A load that reads through one is not stored. Safe for concurrent use.
/// </summary>
internal sealed partial class UnseenContexts(Interceptors interceptors, ContextChoices choices, TagClocks clocks, ILogger<UnseenContexts> log)
    : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private readonly ConcurrentBag<IDisposable> _subscriptions = [];
    private readonly ConcurrentDictionary<(Type Context, bool InLoad), bool> _said = [];
    private int _isWatching;

    /// <summary>Watches from now on.</summary>
    public void Watch()
    {
        if (Interlocked.Exchange(ref _isWatching, 1) == 0)
            _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name is DbLoggerCategory.Name)
            _subscriptions.Add(value.Subscribe(this, IsWanted));
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        switch (value.Value)
        {
            case CommandEventData { Context: { } context } command:
                Ran(context, context.GetService<IDbContextOptions>(), command.CommandSource is CommandSource.SaveChanges or CommandSource.ExecuteUpdate or CommandSource.ExecuteDelete or CommandSource.ExecuteSqlRaw);
                break;
            // One that runs no commands says only that it is used.
            case ContextInitializedEventData { Context: { } context } started when !started.ContextOptions.Extensions.Any(e => e is RelationalOptionsExtension):
                Ran(context, started.ContextOptions, writes: false);
                break;
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
            subscription.Dispose();
    }

    private static bool IsWanted(string name) => name == RelationalEventId.CommandExecuting.Name || name == CoreEventId.ContextInitialized.Name;

    private void Ran(DbContext context, IDbContextOptions options, bool writes)
    {
        if (interceptors.AreOn(options))
            return;
        var type = context.GetType();
        // Several applications may run in this process, each with its own contexts and loads.
        if (LoadScope.Current is { } load && load.IsOf(clocks))
        {
            load.DoNotStore(CacheReason.UnknownSource, $"{type.Name} is read, which Freshet does not see");
            if (_said.TryAdd((type, true), true))
                LogRead(log, load.Key, type.Name);
        }
        else if (writes && !Interceptors.AreOfAny(options) && choices.Of(type) is not ContextChoice.Ignored && _said.TryAdd((type, false), true))
            LogWrite(log, type.Name);
    }

    [LoggerMessage(41, LogLevel.Warning, "The load of {Key} is not stored: it reads through {Context}, which Freshet does not see. Take the context from the container, or make its options with UseFreshet(services); and name it by AddEntityFramework. Further loads that use the context are not named.")]
    private static partial void LogRead(ILogger logger, string key, string context);

    [LoggerMessage(42, LogLevel.Warning, "{Context} writes without Freshet's interceptors: what it writes makes nothing old. Take the context from the container, or make its options with UseFreshet(services); and name it by AddEntityFramework. If no load reads what it writes, say so: IgnoreEntityFramework<{Context}>(). Further writes of the context are not named.")]
    private static partial void LogWrite(ILogger logger, string context);
}
