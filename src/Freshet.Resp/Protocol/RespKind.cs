namespace Freshet.Resp.Protocol;

/// <summary>The type of a value on the wire: its first byte (RESP3 specification).</summary>
internal enum RespKind : byte
{
    None = 0,
    SimpleString = (byte)'+',
    Error = (byte)'-',
    Integer = (byte)':',
    Bulk = (byte)'$',
    Array = (byte)'*',
    Null = (byte)'_',
    Double = (byte)',',
    Boolean = (byte)'#',
    BulkError = (byte)'!',
    Verbatim = (byte)'=',
    BigNumber = (byte)'(',
    Map = (byte)'%',
    Set = (byte)'~',
    Push = (byte)'>',
    Attribute = (byte)'|',
}
