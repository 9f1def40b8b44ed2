using System.Net.Http.Headers;

namespace Freshet.Client;

/// <summary>What a client has counted since it was made.</summary>
/// <param name="Calls">Requests that went to the server.</param>
/// <param name="Saved">Answers that were given without one.</param>
/// <param name="NotModified">Requests that were answered with 304.</param>
/// <param name="Events">Invalidations that were heard.</param>
public readonly record struct FreshetClientStats(long Calls, long Saved, long NotModified, long Events);

/// <summary>
/// The client's half for programs: keeps the answers of an API and gives them again without a call, until the server's events
/// say that something they were made from was touched (docs/protocols/events.md, E8). One client has one connection for events
/// and stands for one user; its handlers share what it keeps. Safe for concurrent use.
/// </summary>
public sealed class FreshetClient : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly FreshetClientOptions _options;
    private readonly AnswerStore _answers;
    private readonly HashSet<Flight> _flights = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _hearing;
    private ClientPosition _known = ClientPosition.Nowhere;
    private Moment? _lastHeard; // null without contact
    private TimeSpan _heartbeat;
    private bool _isDisposed;
    private bool _isRefused;
    private long _calls;
    private long _saved;
    private long _notModified;
    private long _events;

    /// <param name="options">Where the events are, and how much is kept.</param>
    public FreshetClient(FreshetClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _answers = new AnswerStore(options.MaxEntries, options.MaxBytes);
        _hearing = HearAsync();
    }

    /// <summary>Whether the server is heard: only then is an answer given without asking.</summary>
    public bool IsInContact
    {
        get
        {
            lock (_gate)
                return HasContact_NeedsLock();
        }
    }

    /// <summary>Whether the server has refused this user: nothing is kept any more, every request is sent. Sign in and make another client.</summary>
    public bool IsRefused => Volatile.Read(ref _isRefused);

    /// <summary>What was counted.</summary>
    public FreshetClientStats Stats
    {
        get
        {
            lock (_gate)
                return new FreshetClientStats(_calls, _saved, _notModified, _events);
        }
    }

    internal TimeProvider Time => _options.Time;

    /// <summary>A handler for <see cref="HttpClient"/> that keeps and gives answers.</summary>
    /// <param name="inner">Sends what must be sent.</param>
    public FreshetHandler CreateHandler(HttpMessageHandler inner) => new(this, inner);

    /// <summary>Ends the connection and forgets everything; its handlers send every request from then on.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            _answers.Clear();
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _hearing.ConfigureAwait(false);
        _stop.Dispose();
    }

    internal bool IsOfOrigin(Uri? uri) => uri is { IsAbsoluteUri: true }
        && string.Equals(uri.Host, _options.Events.Host, StringComparison.OrdinalIgnoreCase) && uri.Port == _options.Events.Port
        && IsSecure(uri) == IsSecure(_options.Events);

    /// <summary>The kept answer to a request, and whether it may be given without asking.</summary>
    internal (KeptAnswer? Kept, TimeSpan? Age) Find(string key, HttpRequestHeaders request)
    {
        lock (_gate)
        {
            if (_answers.Get(key) is not { } kept || !kept.Vary.All(v => HeaderText.Of(request, v.Key) == v.Value))
                return default;
            var age = kept.SentAt.Elapsed(Time);
            if (!kept.IsLive || age >= kept.Lifetime || !HasContact_NeedsLock())
                return (kept, null);
            _saved++;
            return (kept, age);
        }
    }

    /// <summary>Notes that a request is sent now, and what it has to carry.</summary>
    /// <param name="isWrite">
    /// Whether its answer may tell of other logs. Those that are on their way share the room that is left, and keep the places of what
    /// they carry: their answers may name it again when it was dropped meanwhile.
    /// </param>
    internal Flight Depart(bool isWrite = false)
    {
        lock (_gate)
        {
            _calls++;
            var left = isWrite ? Math.Max(0, _known.RoomBeside(_flights.Select(f => f.Position)) - _flights.Sum(f => f.Room)) : 0;
            var flight = new Flight(_calls, Moment.Now(Time), _known, left - (left / 2));
            _flights.Add(flight);
            return flight;
        }
    }

    internal void Land(Flight flight)
    {
        lock (_gate)
            _flights.Remove(flight);
    }

    /// <summary>Keeps an answer, unless what it was made from was touched meanwhile, after its place: then its entity tag alone is good.</summary>
    internal void Keep(Flight flight, KeptAnswer answer, bool isRenewed)
    {
        lock (_gate)
        {
            _notModified += isRenewed ? 1 : 0;
            if (_isDisposed)
                return;
            var next = answer with { IsLive = !flight.Overtakes(answer) };
            // No step back (C11): not to an older request's answer, nor from one that no touch has reached to one that a touch overtook.
            if (_answers.Get(next.Key) is { } present && (present.Ticket > next.Ticket || (present.IsLive && !next.IsLive)))
                return;
            _answers.Set(next);
        }
    }

    internal void Forget(string key)
    {
        lock (_gate)
            _answers.Remove(key);
    }

    /// <summary>A write was acknowledged, or its outcome is not known; from now on nothing from before it is given.</summary>
    /// <param name="flight">The request.</param>
    /// <param name="touched">What was touched; null for nothing that a kept answer was made from.</param>
    /// <param name="position">What the answer names.</param>
    internal void Written(Flight flight, Touch? touched, ClientPosition position)
    {
        lock (_gate)
        {
            _known = _known.Without(flight.Position, position).Then(position);
            if (touched is { } touch)
                Touch_NeedsLock(touch);
        }
    }

    private static bool IsSecure(Uri uri) => uri.Scheme is "https" or "wss";

    private async Task HearAsync()
    {
        try
        {
            await foreach (var told in new CacheEventFeed(_options).ReadAsync(cancel: _stop.Token).ConfigureAwait(false))
            {
                Hear(told);
                _options.OnEvent?.Invoke(told);
            }
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // Disposed, whatever it was in the middle of.
        }
        catch (CacheEventsRefusedException)
        {
            // Nobody tells this user what is touched.
            Volatile.Write(ref _isRefused, true);
        }
        finally
        {
            lock (_gate)
            {
                _lastHeard = null;
                Touch_NeedsLock(Touch.Anything);
            }
        }
    }

    private void Hear(CacheEvent told)
    {
        lock (_gate)
        {
            var position = ClientPosition.Parse(told.Position);
            _known = _known.Then(position);
            switch (told.Kind)
            {
                case CacheEventKind.Lost:
                    _lastHeard = null;
                    return;
                case CacheEventKind.Ready:
                    _heartbeat = told.Heartbeat;
                    // Contact begins here: what was missed has been told.
                    _lastHeard = Moment.Now(Time);
                    if (!told.IsResumed)
                        Touch_NeedsLock(new Touch(null, position));
                    return;
                case CacheEventKind.Resync:
                    Touch_NeedsLock(new Touch(null, position));
                    break;
                case CacheEventKind.Invalidation:
                    _events++;
                    Touch_NeedsLock(new Touch(told.Groups, position));
                    break;
            }

            // What was buffered while this machine slept does not bring back contact that has lapsed: resuming does.
            if (HasContact_NeedsLock())
                _lastHeard = Moment.Now(Time);
        }
    }

    private bool HasContact_NeedsLock() => _lastHeard is { } last && last.Elapsed(Time) < 2 * _heartbeat;

    private void Touch_NeedsLock(Touch touch)
    {
        if (touch.Groups?.Contains(GroupList.Everything, StringComparer.Ordinal) == true)
            touch = touch with { Groups = null };
        _answers.Touch(touch);
        foreach (var flight in _flights)
            flight.Note(touch);
    }
}
