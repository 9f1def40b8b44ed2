using System.Security.Claims;
using Freshet.AspNetCore.Events;
using Freshet.AspNetCore.Security;
using Freshet.Coherence;
using Freshet.Events;
using Freshet.Loading;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore;

/// <summary>
/// The one place that knows the clients which hear events: takes them in, wakes them when a log has moved, looks after them,
/// and lets them go. Safe for concurrent use.
/// </summary>
public sealed class CacheEventManager : IDisposable
{
    // A request that takes longer to be let in has its rights looked at by MayStay, like one that is in.
    private static readonly TimeSpan LongestHandshake = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<Tenant, EventChannel> _channels = [];
    private readonly Dictionary<(Tenant, string), int> _users = [];
    private readonly Dictionary<(Tenant, string), (long Tick, long At)> _closed = [];
    private readonly CacheEngine _engine;
    private readonly InvalidationFeed _feed;
    private readonly SessionCarrier _session;
    private readonly CacheEventOptions _options;
    private readonly IServiceScopeFactory _scopes;
    private readonly EventMetrics _metrics;
    private readonly ITimer _timer;
    private int _count;
    private int _isTending;
    private bool _isStopping;

    internal CacheEventManager(
        CacheEngine engine, InvalidationFeed feed, SessionCarrier session, IOptions<CacheEventOptions> options, TimeProvider time, EventMetrics metrics,
        IServiceScopeFactory scopes, IHostApplicationLifetime lifetime)
    {
        _engine = engine;
        _feed = feed;
        _session = session;
        _options = options.Value;
        _scopes = scopes;
        _metrics = metrics;
        Clock = new EventClock(time, _options, metrics);
        metrics.Observe(() => Volatile.Read(ref _count));
        feed.OnMoved(Wake);
        lifetime.ApplicationStopping.Register(Stop);
        _timer = time.CreateTimer(static manager => ((CacheEventManager)manager!).Tend(), this, Clock.Tick, Clock.Tick);
    }

    /// <summary>How many clients are connected to this node.</summary>
    public int Count => Volatile.Read(ref _count);

    internal EventClock Clock { get; }

    /// <summary>
    /// Closes the connections of a user whose rights have changed, with code 4403: the client signs in anew or stays away. This
    /// node's only; elsewhere <see cref="CacheEventOptions.MayStay"/> finds out. A token that is still good connects again:
    /// what keeps it out is its authentication, or <see cref="CacheEventOptions.MayStay"/>.
    /// </summary>
    /// <param name="tenant">The user's tenant; <see cref="Tenant.Default"/> for an application without tenants.</param>
    /// <param name="user">The value of the claim that names the user, compared ordinally.</param>
    public void CloseUser(Tenant tenant, string user)
    {
        ArgumentNullException.ThrowIfNull(user);
        // Noted before the channel is looked through: who has been authenticated and is not in it yet finds the note (Start).
        lock (_gate)
            _closed[(tenant, user)] = (_engine.Advance(), Clock.Now);
        foreach (var connection in ConnectionsOf(tenant))
        {
            if (string.Equals(connection.Client.User, user, StringComparison.Ordinal))
                connection.Close(EventClose.RightsChanged);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    internal EventConnection[] ConnectionsOf(Tenant tenant) => Channel(tenant)?.Snapshot() ?? [];

    /// <summary>Counts a client in before it is answered.</summary>
    /// <returns>With which status and why it is refused; null when it is not.</returns>
    internal (int Status, string Reason)? TryEnter(EventClient client)
    {
        lock (_gate)
        {
            if (_isStopping)
                return (StatusCodes.Status503ServiceUnavailable, "the server is going away");
            if (_count >= _options.MaxConnections)
                return (StatusCodes.Status429TooManyRequests, "the node has as many as Freshet:Events:MaxConnections allows");
            var channel = _channels.GetValueOrDefault(client.Tenant) ?? new EventChannel(_feed, _session.Write, Clock);
            if (channel.Clients >= _options.MaxConnectionsPerTenant)
                return (StatusCodes.Status429TooManyRequests, "its tenant has as many as Freshet:Events:MaxConnectionsPerTenant allows");
            if (client.User is { } user)
            {
                var own = _users.GetValueOrDefault((client.Tenant, user));
                if (own >= _options.MaxConnectionsPerUser)
                    return (StatusCodes.Status429TooManyRequests, "its user has as many as Freshet:Events:MaxConnectionsPerUser allows");
                _users[(client.Tenant, user)] = own + 1;
            }

            _channels[client.Tenant] = channel;
            channel.Clients++;
            _count++;
            return null;
        }
    }

    /// <summary>The counterpart of a successful <see cref="TryEnter"/>.</summary>
    internal void Leave(EventClient client)
    {
        lock (_gate)
        {
            _count--;
            if (--_channels[client.Tenant].Clients == 0)
                _channels.Remove(client.Tenant);
            if (client.User is { } user && --System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_users, (client.Tenant, user), out _) == 0)
                _users.Remove((client.Tenant, user));
        }
    }

    /// <summary>The channel of a client that has entered.</summary>
    internal EventChannel ChannelOf(EventClient client)
    {
        lock (_gate)
            return _channels[client.Tenant];
    }

    /// <summary>Begins to tell it: what it missed since the position that it carries, then that it is ready, then what comes.</summary>
    internal void Start(EventConnection connection, string? carried)
    {
        var tenant = connection.Client.Tenant;
        var from = default(SessionPositions);
        if (carried is not null)
            _session.TryRead(tenant, carried, out from);
        var head = _feed.Head(tenant);
        var isResumed = !from.IsEmpty && _feed.Reaches(tenant, from);

        connection.Start(isResumed ? from : head, head, EventMessage.Ready(_session.Write(tenant, head), _options.Heartbeat, isResumed));
        connection.Channel.Add(connection);
        // Whatever was logged since the head was read is found now; who stops the server finds it in the channel or stopped here.
        if (Volatile.Read(ref _isStopping))
            connection.Close(EventClose.GoingAway);
        if (WasClosedSince(connection.Client))
            connection.Close(EventClose.RightsInDoubt);
        connection.Wake();
    }

    // Its rights were looked at no earlier than its arrival, and whether before or after they changed nobody knows.
    private bool WasClosedSince(EventClient client)
    {
        lock (_gate)
            return client.User is { } user && _closed.TryGetValue((client.Tenant, user), out var closed) && client.Arrival.Tick < closed.Tick;
    }

    private EventChannel? Channel(Tenant tenant)
    {
        lock (_gate)
            return _channels.GetValueOrDefault(tenant);
    }

    private EventChannel[] Channels()
    {
        lock (_gate)
            return [.. _channels.Values];
    }

    private void Wake(Tenant tenant)
    {
        if (Volatile.Read(ref _count) == 0)
            return;
        if (!tenant.IsPublic)
        {
            Channel(tenant)?.Signal();
            return;
        }

        foreach (var channel in Channels())
            channel.Signal();
    }

    private void Stop()
    {
        lock (_gate)
            _isStopping = true;
        foreach (var connection in Channels().SelectMany(c => c.Snapshot()))
            connection.Close(EventClose.GoingAway);
    }

    private void Tend()
    {
        // A round that takes longer than a tick is not overtaken by the next.
        if (Interlocked.Exchange(ref _isTending, 1) != 0)
            return;
        try
        {
            var now = Clock.Now;
            var utcNow = Clock.UtcNow;
            lock (_gate)
            {
                // Hardly ever any.
                foreach (var (user, _) in _closed.Where(c => Clock.IsOver(c.Value.At, now, LongestHandshake)).ToArray())
                    _closed.Remove(user);
            }

            foreach (var connection in Channels().SelectMany(c => c.Snapshot()))
            {
                if (connection.Client.Expires <= utcNow)
                    connection.Close(EventClose.Expired);
                connection.Tend(now);
                if (_options.MayStay is { } mayStay && Clock.IsOver(connection.CheckedAt, now, _options.RecheckEvery))
                {
                    connection.CheckedAt = now;
                    _ = RecheckAsync(connection, mayStay);
                }
            }
        }
        finally
        {
            Volatile.Write(ref _isTending, 0);
        }
    }

    private async Task RecheckAsync(EventConnection connection, Func<ClaimsPrincipal, IServiceProvider, CancellationToken, ValueTask<bool>> mayStay)
    {
        try
        {
            await using var services = _scopes.CreateAsyncScope();
            using var limit = Clock.Limit(_options.RecheckEvery);
            if (!await mayStay(connection.Client.Principal, services.ServiceProvider, limit.Token).AsTask().WaitAsync(limit.Token).ConfigureAwait(false))
                connection.Close(EventClose.RightsChanged);
        }
        catch (Exception e)
        {
            // Rights that cannot be shown are not there. Not 4403: that would keep the client away for good.
            _metrics.Faulted(e);
            connection.Close(EventClose.Fault);
        }
    }
}
