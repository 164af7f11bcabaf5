using System.Runtime.InteropServices;

namespace CityHub.Privacy;

/// <summary>A growing list of codes in 1, 2 or 4 bytes each, as few as the largest of them takes.</summary>
internal sealed class CodeArray
{
    private byte[] bytes = new byte[1024];
    private int width = 1, count, limit = 1 << 8;

    public int Count => count;

    public void Add(int code)
    {
        if (code >= limit)
            Widen(code);
        if ((long)(count + 1) * width > bytes.Length)
            Array.Resize(ref bytes, checked((int)Math.Min(Array.MaxLength, bytes.Length + (long)bytes.Length / 2 + 1024) / 4 * 4));
        switch (width)
        {
            case 1:
                bytes[count] = (byte)code;
                break;
            case 2:
                MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan())[count] = (ushort)code;
                break;
            default:
                MemoryMarshal.Cast<byte, int>(bytes.AsSpan())[count] = code;
                break;
        }

        count++;
    }

    /// <summary>Hands its bytes over; it holds nothing afterwards.</summary>
    public Column Build(string name, string[] values)
    {
        var (taken, rows) = (bytes, count);
        // A third too long at most is left as it is: cutting it would need both at once.
        if (taken.Length > rows * width + 65_536 + rows * width / 2)
            Array.Resize(ref taken, rows * width);
        (bytes, count) = ([], 0);
        return new Column(name, values, taken, width, rows);
    }

    private void Widen(int code)
    {
        var old = new Column("", [], bytes, width, count);
        (width, limit) = code < 1 << 16 ? (2, 1 << 16) : (4, int.MaxValue);
        var rows = count;
        bytes = new byte[Math.Max(1024L, (rows + 1L) * 2 * width)];
        count = 0;
        for (var row = 0; row < rows; row++)
            Add(old.Code(row));
    }
}
