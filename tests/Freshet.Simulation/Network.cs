using Freshet.Coherence;

namespace Freshet.Simulation;

internal enum MessageKind : byte
{
    Subscribe,
    Subscribed,
    Beat,
    Heads,
    Push,
    ReadRecords,
    Records,
    Append,
    Appended,
    StartEpoch,
    EpochStarted,
    Read,
    Reading,
    Check,
    Checked,
    Miss,
    Ticket,
    Write,
}

/// <summary>What travels between a node and a server. Pooled; each kind uses the fields it needs.</summary>
internal sealed class Message
{
    public MessageKind Kind { get; set; }

    public int Node { get; set; }

    /// <summary>Which life of the node sent it or is to receive it.</summary>
    public int Life { get; set; }

    /// <summary>The connection it was sent on.</summary>
    public int Connection { get; set; }

    public Server Server { get; set; } = null!;

    public int Log { get; set; }

    /// <summary>Orders the messages of one stream.</summary>
    public long Sequence { get; set; }

    /// <summary>Whether a beat asks for heads, or its answer brings them.</summary>
    public bool HasHeads { get; set; }

    public Probe[] Probes { get; } = new Probe[World.Instance.LogCount];

    public LogHead[] Heads { get; } = new LogHead[World.Instance.LogCount];

    public bool Refused { get; set; }

    public Epoch Epoch { get; set; }

    public Epoch? Expected { get; set; }

    public LogRecord? Record { get; set; }

    public LogReading Records { get; set; }

    public Position Position { get; set; }

    public AppendResult Result { get; set; }

    /// <summary>The write whose tags are appended; null for tags that waited to be logged.</summary>
    public Write? Write { get; set; }

    public IReadOnlyList<Tag>? Tags { get; set; }

    /// <summary>Tells an answer to the last question of its kind from one to an earlier question.</summary>
    public long Attempt { get; set; }

    /// <summary>Whether the server that answered had been deposed by then.</summary>
    public bool Deposed { get; set; }

    public Load? Load { get; set; }

    public StoreReading Reading { get; } = new();

    public StoredEntry? Entry { get; set; }

    public long Ticket { get; set; }

    public void CopyTo(Message other)
    {
        other.Kind = Kind;
        other.Node = Node;
        other.Life = Life;
        other.Connection = Connection;
        other.Server = Server;
        other.Log = Log;
        other.Epoch = Epoch;
        other.Record = Record;
    }
}

/// <summary>
/// The messages on their way. It delivers in any order, loses, doubles, and puts aside for a long time. Where connections are
/// streams (<see cref="Profile.IsStream"/>), what one brings in one direction stays in order; entries have a connection of their own.
/// </summary>
internal sealed class Network(Prng random, Profile profile, Coverage coverage)
{
    private readonly List<Message> _moving = [];
    private readonly List<Message> _frozen = [];
    private readonly List<(Message Message, long Until)> _held = [];
    private readonly Stack<Message> _pool = new();

    private long _sequence;

    public bool IsIdle => _moving.Count == 0 && _frozen.Count == 0;

    public Message Rent() => _pool.Count > 0 ? _pool.Pop() : new Message();

    public void Return(Message message)
    {
        message.Write = null;
        message.Tags = null;
        message.Record = null;
        message.Records = default;
        message.Load = null;
        message.Entry = null;
        message.Reading.Entry = null;
        message.Expected = null;
        message.Refused = false;
        message.HasHeads = false;
        message.Deposed = false;
        _pool.Push(message);
    }

    public void Send(Message message)
    {
        message.Sequence = ++_sequence;
        if (message.Kind == MessageKind.Push)
        {
            if (random.Chance(profile.PushLost))
            {
                coverage.Count(Event.PushLost);
                Return(message);
                return;
            }

            if (random.Chance(profile.PushDoubled))
            {
                coverage.Count(Event.PushDoubled);
                var twin = Rent();
                message.CopyTo(twin);
                _moving.Add(twin);
            }
        }
        else if (random.Chance(profile.MessageLost))
        {
            coverage.Count(Event.MessageLost);
            Return(message);
            return;
        }

        if (random.Chance(profile.Frozen))
        {
            coverage.Count(Event.MessageFrozen);
            _frozen.Add(message);
            return;
        }

        _moving.Add(message);
    }

    /// <summary>Holds a message back until then: its receiver's connection stalls.</summary>
    public void Hold(Message message, long until)
    {
        coverage.Count(Event.MessageHeld);
        _held.Add((message, until));
    }

    /// <summary>What was held back moves on.</summary>
    public void Advance(long now)
    {
        for (var i = 0; i < _held.Count; i++)
        {
            if (_held[i].Until > now)
                continue;
            _moving.Add(_held[i].Message);
            _held.RemoveAt(i--);
        }
    }

    /// <summary>Takes one message; mostly one of the oldest, sometimes any, so order is near to the sent one but never sure.</summary>
    /// <returns>Null when what is held back must come before it.</returns>
    public Message? Take()
    {
        if (_frozen.Count > 0 && (_moving.Count == 0 || random.Below(800) < _frozen.Count))
            return Remove(_frozen, random.Below(_frozen.Count));
        var window = random.Below(4) == 0 ? _moving.Count : Math.Min(_moving.Count, 3);
        var at = random.Below(window);
        if (profile.IsStream && StreamOf(_moving[at]) is var stream and >= 0)
        {
            foreach (var (held, _) in _held)
            {
                if (StreamOf(held) == stream)
                    return null;
            }

            for (var i = 0; i < _moving.Count; i++)
            {
                if (_moving[i].Sequence < _moving[at].Sequence && StreamOf(_moving[i]) == stream)
                    at = i;
            }
        }

        return Remove(_moving, at);
    }

    // One for each direction of each node's ordered connection; below zero: none.
    private static long StreamOf(Message message) => message.Kind switch
    {
        MessageKind.Subscribe or MessageKind.Beat or MessageKind.ReadRecords or MessageKind.Append or MessageKind.StartEpoch =>
            (((long)message.Life << 40) + message.Connection) * Scheduler.MaxNodes * 2 + (message.Node * 2),
        MessageKind.Subscribed or MessageKind.Heads or MessageKind.Push or MessageKind.Records or MessageKind.Appended or MessageKind.EpochStarted =>
            (((long)message.Life << 40) + message.Connection) * Scheduler.MaxNodes * 2 + (message.Node * 2) + 1,
        _ => -1,
    };

    private static Message Remove(List<Message> from, int index)
    {
        var message = from[index];
        from.RemoveAt(index);
        return message;
    }
}
