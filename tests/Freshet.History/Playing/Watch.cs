using System.Buffers.Text;
using Freshet.History.Judging;

namespace Freshet.History.Playing;

/// <summary>What else an answer told its client; nothing of it is judged.</summary>
/// <param name="HasNoContact">Whether it was loaded because its log is out of contact.</param>
/// <param name="Position">The position that it carries.</param>
internal readonly record struct Seen(bool HasNoContact, string? Position);

/// <summary>
/// Whether the faults were felt: contacts that were lost, epochs that began, how long memory gave no answer. Guarded by its owner's lock.
/// </summary>
internal sealed class Watch(int nodes)
{
    private const int TokenChars = 56;

    private readonly bool[] _hasContact = new bool[nodes];
    private readonly long[] _changedAt = new long[nodes];
    private readonly long[] _hitAt = new long[nodes];
    private readonly HashSet<UInt128> _epochs = [];

    /// <summary>How often a node that had answered from memory did not, for want of contact.</summary>
    public int LostContacts { get; private set; }

    /// <summary>Epochs that the positions of answers to writes name, of all logs.</summary>
    public int Epochs => _epochs.Count;

    /// <summary>The longest time in which a node that was asked gave no answer from memory.</summary>
    public long LongestWithoutHit { get; private set; }

    /// <summary>The longest time that an answer took.</summary>
    public long Slowest { get; private set; }

    public int Calls { get; private set; }

    /// <summary>Whether every one of these nodes has answered from memory what was asked after that time.</summary>
    public bool HaveHit(IEnumerable<int> some, long after) => some.All(node => _hitAt[node] > after);

    /// <summary>The node begins a new life, without memory.</summary>
    public void Restarted(int node) => (_hasContact[node], _hitAt[node]) = (false, 0);

    public void Take(Operation call, in Seen seen)
    {
        Calls++;
        Slowest = Math.Max(Slowest, call.End - call.Begin);
        if (call.IsHit)
        {
            if (_hitAt[call.Node] > 0)
                LongestWithoutHit = Math.Max(LongestWithoutHit, call.End - _hitAt[call.Node]);
            _hitAt[call.Node] = Math.Max(_hitAt[call.Node], call.Begin);
        }

        // Answers overtake each other; only what was asked after the last change tells of another one.
        if ((call.IsHit || seen.HasNoContact) && call.Begin > _changedAt[call.Node] && _hasContact[call.Node] != call.IsHit)
        {
            (_hasContact[call.Node], _changedAt[call.Node]) = (call.IsHit, call.End);
            if (!call.IsHit)
                LostContacts++;
        }

        if (call.Kind is OperationKind.Write && seen.Position is { } position)
            Read(position);
    }

    // A client may read epoch and offset (docs/protocols/events.md, E1).
    private void Read(string position)
    {
        Span<byte> token = stackalloc byte[42];
        foreach (var range in position.AsSpan().Split('.'))
        {
            var text = position.AsSpan(range);
            if (text.Length == TokenChars && Base64Url.DecodeFromChars(text, token, out _, out _) is System.Buffers.OperationStatus.Done)
                _epochs.Add(System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(token[2..]));
        }
    }
}
