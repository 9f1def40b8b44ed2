namespace Freshet.Resp.Protocol;

/// <summary>The server sent what is not RESP, or more than the limits allow. The connection cannot be used any more.</summary>
/// <param name="message">What was expected; never what was sent, which may be a value.</param>
internal sealed class RespProtocolException(string message) : Exception(message);
