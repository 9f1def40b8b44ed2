using System.Runtime.CompilerServices;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Benchmarks.Resp;

/// <summary>What a caller does over and over.</summary>
/// <param name="name">What it is.</param>
/// <param name="unit">What is counted.</param>
/// <param name="reference">The command of redis-benchmark beside it.</param>
internal abstract class Operation(string name, string unit, params string[] reference)
{
    public string Name => name;

    public string Unit => unit;

    public string[] Reference => reference;

    /// <summary>Does it once, and looks at the reply.</summary>
    public abstract ValueTask RunAsync(RespConnection connection);
}

internal static class Operations
{
    public static readonly byte[] Key = "bench:{t}:value"u8.ToArray();
    public static readonly byte[] Other = "bench:{t}:other"u8.ToArray();
    public static readonly byte[] Hash = "bench:{t}:hash"u8.ToArray();
    public static readonly byte[] Value = [.. Enumerable.Repeat((byte)'x', 1024)];
    public static readonly byte[][] Fields = [.. "eoi"u8.ToArray().Select(f => (byte[])[f]), .. Enumerable.Range(1, 6).Select(k => System.Text.Encoding.ASCII.GetBytes($"c{k * 9000}"))];

    public static IReadOnlyList<Operation> All { get; } =
    [
        new One<Get>("GET, 1 KB", default, Value.Length, "GET", Text(Key)),
        new One<Set>("SET, 1 KB", default, 2, "SET", Text(Other), Text(Value)),
        new One<Heads>("HMGET, 9 fields", default, 0, ["HMGET", Text(Hash), .. Fields.Select(Text)]),
        new StoreRead(),
    ];

    public static async Task PrepareAsync(RespConnection connection)
    {
        (await connection.SendAsync(new RespCommand("SET", Text(Key), Text(Value), "PX", "86400000"))).Dispose();
        (await connection.SendAsync(new RespCommand(["HSET", Text(Hash), .. Fields.SelectMany(f => (string[])[Text(f), "1234567890"])]))).Dispose();
    }

    private static string Text(byte[] bytes) => System.Text.Encoding.ASCII.GetString(bytes);

    private sealed class One<TCommand>(string name, TCommand command, int length, params string[] reference) : Operation(name, "commands", reference)
        where TCommand : struct, IRespCommand
    {
        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        public override async ValueTask RunAsync(RespConnection connection)
        {
            using var reply = await connection.SendAsync(command);
            Expect(reply, length);
        }
    }

    // What the store asks for on a miss of memory: an entry, and for how long it may be kept.
    private sealed class StoreRead() : Operation("The store's read: PTTL and GET of 1 KB", "reads", "GET", Text(Key))
    {
        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        public override async ValueTask RunAsync(RespConnection connection)
        {
            var asked = connection.SendAsync(default(Life));
            var value = connection.SendAsync(default(Get));
            using var life = await asked;
            using var reply = await value;
            Expect(reply, Value.Length);
        }
    }

    private static void Expect(in RespReply reply, int length)
    {
        var reader = reply.Reader;
        if (!reader.Read() || reader.Bytes.Length != length)
            throw new InvalidOperationException("Another reply than the one that was asked for.");
    }

    private readonly struct Get : IRespCommand
    {
        public void Write(ref RespWriter writer)
        {
            writer.Begin(2);
            writer.Add("GET"u8);
            writer.Add(Key);
        }
    }

    private readonly struct Life : IRespCommand
    {
        public void Write(ref RespWriter writer)
        {
            writer.Begin(2);
            writer.Add("PTTL"u8);
            writer.Add(Key);
        }
    }

    private readonly struct Set : IRespCommand
    {
        public void Write(ref RespWriter writer)
        {
            writer.Begin(3);
            writer.Add("SET"u8);
            writer.Add(Other);
            writer.Add(Value);
        }
    }

    private readonly struct Heads : IRespCommand
    {
        public void Write(ref RespWriter writer)
        {
            writer.Begin(2 + Fields.Length);
            writer.Add("HMGET"u8);
            writer.Add(Hash);
            foreach (var field in Fields)
                writer.Add(field);
        }
    }
}
