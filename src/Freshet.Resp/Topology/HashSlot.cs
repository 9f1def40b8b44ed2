namespace Freshet.Resp.Topology;

/// <summary>Which of a cluster's 16,384 slots a key belongs to (Redis Cluster specification, key distribution).</summary>
internal static class HashSlot
{
    public const int Count = 16_384;

    private static readonly ushort[] Table = MakeTable();

    /// <summary>The slot of a key: CRC16 of the part between the first <c>{</c> and the next <c>}</c>, if it is not empty, else of all.</summary>
    public static int Of(ReadOnlySpan<byte> key)
    {
        var open = key.IndexOf((byte)'{');
        if (open >= 0 && key[(open + 1)..].IndexOf((byte)'}') is var length and > 0)
            key = key.Slice(open + 1, length);
        ushort crc = 0;
        foreach (var b in key)
            crc = (ushort)((crc << 8) ^ Table[(crc >> 8) ^ b]);
        return crc % Count;
    }

    // CRC-16/XMODEM: polynomial 0x1021, nothing reflected, starting from 0.
    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (var i = 0; i < table.Length; i++)
        {
            var crc = (ushort)(i << 8);
            for (var bit = 0; bit < 8; bit++)
                crc = (ushort)((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1);
            table[i] = crc;
        }

        return table;
    }
}
