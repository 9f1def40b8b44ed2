using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Measuring;

/// <summary>
/// What a client, or all of them together, got in one run. <see cref="Received"/>, <see cref="Called"/> and reading <see cref="Answers"/> are safe for
/// concurrent use; the rest belongs to whoever holds the client's lock.
/// </summary>
internal sealed class Measures
{
    private const int KeptBroken = 20;
    private readonly List<Broken> _broken = [];
    private long _answers;
    private long _calls;
    private long _bodies;
    private long _notModified;
    private long _bytes;
    private long _brokenCount;

    /// <summary>Answers to calls of the script, reads and writes.</summary>
    public long Answers => Interlocked.Read(ref _answers);

    public long Writes { get; private set; }

    /// <summary>Calls that went to the API; the other answers were given by the client from what it keeps.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>Answers of the API that carried a body.</summary>
    public long Bodies => Interlocked.Read(ref _bodies);

    /// <summary>Everything received on the client's connections, heads included; of the events their messages.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public long NotModified => Interlocked.Read(ref _notModified);

    /// <summary>How old what the client kept was when it gave it, by when it was asked for.</summary>
    public Histogram Ages { get; private set; } = new();

    public long BrokenCount => Interlocked.Read(ref _brokenCount);

    /// <summary>The first few answers that broke the promise.</summary>
    public IReadOnlyList<Broken> Broken => _broken;

    /// <summary>What X-Cache said, by value.</summary>
    public SortedDictionary<string, long> Verdicts { get; } = new(StringComparer.Ordinal);

    /// <summary>Why, as Cache-Status said: the platform's own words.</summary>
    public SortedDictionary<string, long> Reasons { get; } = new(StringComparer.Ordinal);

    /// <summary>Writes that could not be logged at once, so that other nodes promise nothing of them.</summary>
    public long Pending { get; private set; }

    public Histogram Latency { get; private set; } = new();

    public void Received(int bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Called(bool isNotModified, bool hasBody)
    {
        Interlocked.Increment(ref _calls);
        if (isNotModified) Interlocked.Increment(ref _notModified);
        if (hasBody) Interlocked.Increment(ref _bodies);
    }

    public void Record(Call call, CacheVerdict verdict, TimeSpan took, TimeSpan? age, Broken? broken, bool isPending = false)
    {
        Interlocked.Increment(ref _answers);
        if (call.IsWrite) Writes++;
        if (isPending) Pending++;
        if (age is { } old) Ages.Record(old);
        Count(Verdicts, verdict.Short, 1);
        Count(Reasons, verdict.Reason, 1);
        Latency.Record(took);
        if (broken is null) return;
        Interlocked.Increment(ref _brokenCount);
        if (_broken.Count < KeptBroken) _broken.Add(broken);
    }

    /// <summary>Begins anew, but for the answers that broke the promise: those count whenever they came.</summary>
    public void Forget()
    {
        Interlocked.Exchange(ref _answers, 0);
        Interlocked.Exchange(ref _bytes, 0);
        Interlocked.Exchange(ref _calls, 0);
        Interlocked.Exchange(ref _bodies, 0);
        Interlocked.Exchange(ref _notModified, 0);
        (Writes, Pending) = (0, 0);
        Verdicts.Clear();
        Reasons.Clear();
        (Latency, Ages) = (new Histogram(), new Histogram());
    }

    public void Add(Measures other)
    {
        _answers += other.Answers;
        _bytes += other.Bytes;
        _calls += other.Calls;
        _bodies += other.Bodies;
        _notModified += other.NotModified;
        Writes += other.Writes;
        Pending += other.Pending;
        Ages.Add(other.Ages);
        foreach (var (verdict, count) in other.Verdicts) Count(Verdicts, verdict, count);
        foreach (var (reason, count) in other.Reasons) Count(Reasons, reason, count);
        Latency.Add(other.Latency);
        AddBroken(other);
    }

    public void AddBroken(Measures other)
    {
        _brokenCount += other.BrokenCount;
        _broken.AddRange(other.Broken.Take(KeptBroken - _broken.Count));
    }

    private static void Count(SortedDictionary<string, long> counts, string? name, long more)
    {
        if (name is not null) counts[name] = counts.GetValueOrDefault(name) + more;
    }
}
