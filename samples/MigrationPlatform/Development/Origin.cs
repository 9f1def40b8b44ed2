using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace MigrationPlatform.Development;

/// <summary>What the origin did for one route since start.</summary>
internal sealed record RouteWork(string Route, long Loads, long Commands);

/// <summary>
/// Counts what reaches the origin: loads (runs of a GET handler) and SQL commands, by the route of the API they were made for. Its
/// middleware stands inside the cache, so an answer that the cache gives is not counted.
/// </summary>
internal sealed class Origin
{
    private readonly ConcurrentDictionary<string, Counts> _routes = new(StringComparer.Ordinal);
    private readonly AsyncLocal<string?> _route = new();

    public IReadOnlyList<RouteWork> Work =>
        [.. _routes.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value.Of(pair.Key))];

    public void Begin(string route, bool isLoad)
    {
        _route.Value = route;
        if (isLoad) _routes.GetOrAdd(route, _ => new Counts()).Load();
    }

    /// <summary>Commands that no route of the API asked for, such as seeding, are not counted.</summary>
    public void Command()
    {
        if (_route.Value is { } route) _routes.GetOrAdd(route, _ => new Counts()).Command();
    }

    private sealed class Counts
    {
        private long _loads;
        private long _commands;

        public void Load() => Interlocked.Increment(ref _loads);

        public void Command() => Interlocked.Increment(ref _commands);

        public RouteWork Of(string route) => new(route, Interlocked.Read(ref _loads), Interlocked.Read(ref _commands));
    }
}

/// <summary>Names the route whose handler runs, counts the load, and makes it slow or fail when asked to.</summary>
internal sealed class OriginMiddleware(RequestDelegate next, Origin origin, Faults faults)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not RouteEndpoint { RoutePattern.RawText: { } pattern }
            || !pattern.StartsWith("/api/", StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        var path = pattern.TrimEnd('/');
        var isLoad = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        origin.Begin($"{(isLoad ? HttpMethods.Get : context.Request.Method)} {path}", isLoad);
        if (isLoad) await faults.RunAsync(path, () => next(context), context.RequestAborted);
        else await next(context);
    }
}

/// <summary>Reports every SQL command that Entity Framework sends.</summary>
internal sealed class OriginCommands(Origin origin) : DbCommandInterceptor
{
    public override InterceptionResult<DbDataReader> ReaderExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result) => Counted(result);

    public override InterceptionResult<int> NonQueryExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result) => Counted(result);

    public override InterceptionResult<object> ScalarExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<object> result) => Counted(result);

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default) => new(Counted(result));

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result,
        CancellationToken cancellationToken = default) => new(Counted(result));

    public override ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<object> result,
        CancellationToken cancellationToken = default) => new(Counted(result));

    private T Counted<T>(T result)
    {
        origin.Command();
        return result;
    }
}
