using System.Buffers.Binary;
using System.Security.Cryptography;
using CityHub.Core.Tables;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>
/// SHA-256 over a salt and the rows' canonical bytes, row by row: a missing value is 0; any other is 1 and then, for a text, its length in four bytes and its UTF-8, for all
/// else eight bytes; little endian. Of a row that goes it is 2 and its key, likewise. It does not depend on how the rows are cut into batches, groups and segments.
/// </summary>
internal sealed class RowHash : IDisposable
{
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly byte[] _buffer = new byte[64 * 1024];
    int _length;

    public RowHash(ReadOnlySpan<byte> salt) => _hash.AppendData(salt);

    public void Add(RowBatch batch)
    {
        ColumnBatch[] columns = batch.Columns;
        for (int row = 0; row < batch.Rows; row++)
        {
            foreach (ColumnBatch column in columns)
            {
                Add(column, row, 1);
            }
        }
    }

    public void Add(ColumnBatch goneKeys, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            Add(goneKeys, row, 2);
        }
    }

    public byte[] Finish()
    {
        Flush();
        return _hash.GetHashAndReset();
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_buffer);
        _hash.Dispose();
    }

    void Add(ColumnBatch column, int row, byte what)
    {
        if (_buffer.Length - _length < 9)
        {
            Flush();
        }

        if (column.Nulls is not null && column.IsNull(row))
        {
            _buffer[_length++] = 0;
            return;
        }

        _buffer[_length++] = what;
        if (column.Type == ColumnType.Text)
        {
            ReadOnlySpan<byte> text = column.Utf8(row);
            BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_length), text.Length);
            _length += 4;
            Add(text);
        }
        else
        {
            long value = column.Type == ColumnType.Number ? BitConverter.DoubleToInt64Bits(column.Numbers[row]) : column.Integers[row];
            BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_length), value);
            _length += 8;
        }
    }

    void Add(ReadOnlySpan<byte> bytes)
    {
        if (_buffer.Length - _length < bytes.Length)
        {
            Flush();
            if (bytes.Length > _buffer.Length)
            {
                _hash.AppendData(bytes);
                return;
            }
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    void Flush()
    {
        _hash.AppendData(_buffer.AsSpan(0, _length));
        _length = 0;
    }
}
