using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData.Query;

/// <summary>Where the next page begins, bound to the question that it belongs to. It tells nothing and gives nothing: a page is decided anew.</summary>
internal static class Cursor
{
    public static string Write(long offset, ReadOnlySpan<byte> question)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, offset);
        question[..8].CopyTo(bytes[8..]);
        return Base64Url.EncodeToString(bytes);
    }

    public static long? Read(string cursor, ReadOnlySpan<byte> question)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (cursor.Length != 22 || !Base64Url.IsValid(cursor) || Base64Url.DecodeFromChars(cursor, bytes) != 16 || !bytes[8..].SequenceEqual(question[..8]))
            return null;
        var offset = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return offset < 0 ? null : offset;
    }

    public static byte[] QuestionOf(HttpContext http) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{http.Request.Path}\n{http.Request.Query["fields"]}\n{http.Request.Query["where"]}\n{http.Request.Query["sort"]}"));
}
