using System.Diagnostics;
using System.Globalization;
using System.Text;
using Freshet.History.Judging;

namespace Freshet.History.Playing;

/// <summary>
/// All that clients did and that happened to the servers, by one monotonic clock, in the order of its ends: handed to the judge as it comes, and
/// remembered for a while, for when the promise is broken. Safe for concurrent use.
/// </summary>
internal sealed class History(Judge judge, int nodes, TextWriter? log = null)
{
    private const int Remembered = 20_000;
    private const int MaxEvidence = 5;

    private readonly Lock _gate = new();
    private readonly Queue<Operation> _last = new();
    private readonly List<string> _timeline = [];
    private readonly List<string> _evidence = [];
    private readonly long _start = Stopwatch.GetTimestamp();

    public static long Now => Stopwatch.GetTimestamp();

    public Tally Tally => judge.Tally;

    public Watch Watch { get; } = new(nodes);

    /// <summary>What shows the first broken promises.</summary>
    public IReadOnlyList<string> Evidence
    {
        get
        {
            lock (_gate)
                return [.. _evidence];
        }
    }

    public static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    /// <summary>Something happens to the servers.</summary>
    public void Note(string what)
    {
        lock (_gate)
        {
            _timeline.Add(string.Create(CultureInfo.InvariantCulture, $"{Seconds(Now),9:F3}  {what}"));
            log?.WriteLine(_timeline[^1]);
        }
    }

    /// <summary>The whole answer to a call has come.</summary>
    public void Add(Operation call, in Seen seen)
    {
        lock (_gate)
        {
            // The end is taken here, so that the judge gets all calls in the order of their ends.
            call = call with { End = Now };
            Watch.Take(call, seen);
            _last.Enqueue(call);
            if (_last.Count > Remembered)
                _last.Dequeue();
            log?.WriteLine(Describe(call));
            if (judge.Take(call) is { } broken && _evidence.Count < MaxEvidence)
                _evidence.Add(Show(broken));
        }
    }

    public void Isolate(int node)
    {
        lock (_gate)
            judge.Isolate(node, Now);
    }

    public void EndIsolation(int node)
    {
        lock (_gate)
            judge.EndIsolation(node, Now);
    }

    public void Restarted(int node)
    {
        lock (_gate)
        {
            judge.Restarted(node);
            Watch.Restarted(node);
        }
    }

    public void Read(Action<Tally, Watch> take)
    {
        lock (_gate)
            take(judge.Tally, Watch);
    }

    private string Show(Broken broken)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{broken.Kind}: {Describe(broken.By, broken.Row)}");
        if (broken.Row >= 0)
            text.Append(CultureInfo.InvariantCulture, $"\n    {World.Name(broken.Row)} shown at version {broken.Shown}, at least {broken.Required} was promised. What was done to it before:");
        foreach (var call in _last.Where(c => broken.Row >= 0 && c.First <= broken.Row && broken.Row < c.First + c.Versions.Length
            && c.End > broken.By.Begin - (2 * Stopwatch.Frequency) && (c.Kind is OperationKind.Write || c.Node == broken.By.Node)).TakeLast(8))
        {
            text.Append("\n    ").Append(Describe(call, broken.Row));
        }

        foreach (var happened in _timeline.TakeLast(8))
            text.Append("\n    ").Append(happened);
        return text.ToString();
    }

    private string Describe(Operation call, int row = -1)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Seconds(call.Begin),9:F4} to {Seconds(call.End):F4}  node {call.Node}  ");
        text.Append(call.Client < 0 ? "anybody" : string.Create(CultureInfo.InvariantCulture, $"client {call.Client}"));
        text.Append(CultureInfo.InvariantCulture, $" of tenant {call.Tenant}  {call.Kind} {call.First}");
        if (call.Versions.Length == 1 || row >= call.First)
            text.Append(CultureInfo.InvariantCulture, $"  version {call.Versions[row < 0 ? 0 : row - call.First]}");
        if (call.IsPending)
            text.Append("  pending");
        if (call.IsHit)
            text.Append("  hit");
        if ((call.Failure ?? call.Foreign) is not null)
            text.Append("  ").Append(call.Failure ?? call.Foreign);
        return text.ToString();
    }

    private double Seconds(long time) => (time - _start) / (double)Stopwatch.Frequency;
}
